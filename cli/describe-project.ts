import type { DescribeProject } from '../engine/plan/read-models.ts';

/** What templates see in `graph`; loaded when the first of them looks. */
export const describeProject: DescribeProject = async (project) => {
  const { describeProject: describe } = await import('../engine/artifacts/manifest.ts');
  return describe(project);
};
