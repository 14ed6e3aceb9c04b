import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseIn } from '../state-selection/choose-in.ts';
import { describeWithDbt } from './with-dbt.ts';

const folder = fileURLToPath(new URL('../state-selection/', import.meta.url));

/** Criteria that stand alone in the committed lines: other lines are made of them. */
const known = readFileSync(`${folder}expressions.txt`, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !/[ +@,]|^--/.test(line));
const more = [
  'path:models',
  'path:models/calendar.sql',
  'path:models/*',
  'path:pack/models',
  'path:tests',
  'path:snapshots/*.yml',
  'path:./models/marts',
  'package:*',
  'source:crm.l*',
  'fqn:*',
  'fqn:customers',
  'shop',
  'tag:*',
  'test_name:*',
  'config.materialized:view',
  'exposure:shop.board',
];

const atom = fc.constantFrom(...known, ...more);
const widened = fc.oneof(
  { weight: 3, arbitrary: atom },
  atom.map((one) => `+${one}`),
  atom.map((one) => `${one}+`),
  atom.map((one) => `+${one}+`),
  atom.map((one) => `1+${one}+2`),
  atom.map((one) => `@${one}`),
);
const joined = fc
  .array(widened, { minLength: 1, maxLength: 3 })
  .chain((parts) => fc.constantFrom(parts.join(' '), parts.join(',')));
const mode = fc.constantFrom('', 'eager', 'cautious', 'buildable', 'empty');
const line = fc
  .tuple(joined, fc.option(widened, { nil: undefined, freq: 3 }), mode)
  .map(([select, exclude, indirect]) =>
    [
      select,
      ...(exclude === undefined ? [] : ['--exclude', exclude]),
      ...(indirect === '' ? [] : ['--indirect-selection', indirect]),
    ].join(' '),
  );

const linesMax = Number(process.env['PEERS_SELECTIONS'] ?? 300);
const seed = Number(process.env['PEERS_SEED'] ?? 20_260);

describeWithDbt('selection', ({ python }) => {
  test(`${linesMax} lines of criteria, operators and flags choose what dbt chooses`, async () => {
    const lines = [...new Set([...more, ...fc.sample(line, { seed, numRuns: linesMax })])];
    const { stdout, stderr } = spawnSync(python, [`${folder}golden.py`, '--ask'], {
      input: JSON.stringify(lines),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const [, answers = ''] = /^ANSWERS (.*)$/m.exec(stdout) ?? [];
    expect(answers, stderr).not.toBe('');
    const wanted = JSON.parse(answers) as Record<string, string[]>;
    const different: unknown[] = [];
    for (const one of lines) {
      const had = await chooseIn(`${folder}project`, one);
      const want = wanted[one] ?? [];
      if (JSON.stringify(had) !== JSON.stringify(want)) {
        const lost = want.filter((id) => !had.includes(id));
        different.push({ line: one, lost, added: had.filter((id) => !want.includes(id)) });
      }
    }
    expect(different).toEqual([]);
  });
});
