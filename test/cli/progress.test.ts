import { expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { createRunPrinter } from '../../cli/run-printer.ts';
import type { BuildStep, StepResult } from '../../engine/words/step.ts';
import { writeFolder } from '../models/project-folder.ts';
import { runIn } from '../parse-cache/command-in-process.ts';

const buildOf = (name: string): BuildStep => ({
  kind: 'materialize',
  id: `model.shop.${name}`,
  name,
  dependsOn: [],
  relation: { schema: 'main', name },
  materialization: 'table',
  decision: { action: 'run', reasons: [] },
});

const resultOf = ({ id, kind }: BuildStep): StepResult => ({
  id,
  kind,
  status: 'reused',
  message: '',
  counts: {},
  startedAt: '2026-01-01T00:00:00.000Z',
  durationMs: 0,
});

test('on a terminal a step that takes long is seen to go on, for how long', () => {
  const folder = writeFolder({ 'dbt_project.yml': 'name: shop' });
  let nowMs = 0;
  const clock = { now: () => nowMs, sleep: async () => {} };
  using opened = openProject({ folder, env: { HOME: folder }, clock });
  const lines: string[] = [];
  const printed: string[] = [];
  const printer = createRunPrinter(
    {
      out: (text) => printed.push(text),
      note: () => {},
      progress: (text) => lines.push(text),
      style: (_, text) => text,
      isInteractive: true,
      width: 100,
    },
    opened,
  );
  const [slow, quick] = [buildOf('slow'), buildOf('quick')];
  const steps = [slow, quick];
  printer.onPlan({ project: 'shop', boundary: '', steps, faults: [], warnings: [] });
  for (const step of steps) printer.onStart(step);
  nowMs = 75_000;
  printer.onEnd(quick, resultOf(quick));
  // Without connections nobody is told of calls.
  expect(lines.at(-1)).toBe('1 of 2 steps  main.slow 1 min 15 s');
  printer.onEnd(slow, resultOf(slow));
  printer.finish({ runId: 'r', status: 'succeeded', steps: steps.map(resultOf) });
  expect(printed).toEqual(['run r succeeded in 1 min 15 s: 2 reused']);
});

test('show says how the rows of what is no select are seen', async () => {
  const folder = writeFolder({
    'dbt_project.yml': 'name: shop',
    'seeds/codes.csv': 'code\n1\n',
    'models/a.sql': "select * from {{ ref('codes') }}",
    'models/a.yml': `unit_tests:
  - {name: counts, model: a, given: [{input: ref('codes'), rows: []}], expect: {rows: []}}`,
  });
  const ask = (name: string) => runIn(folder, { HOME: folder }, ['show', '--select', name]);
  const told = async (name: string): Promise<string> => {
    const { err } = await ask(name);
    return err;
  };
  expect(await told('codes')).toContain('tidemill query "from main.codes limit 5"');
  expect(await told('counts')).toContain('`tidemill test --select counts` runs it');
});
