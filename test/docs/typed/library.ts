import { buildPlan, openProject, run } from 'tidemill';

using project = openProject({ folder: 'revenue' });
const plan = await buildPlan(project);
if (plan.faults.length === 0) await run(project, { select: ['source:hubspot+'] });
