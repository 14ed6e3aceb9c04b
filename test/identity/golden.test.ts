import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { createBefore, createScope } from '../../engine/steps/identity-clusters.ts';
import { selectDecisions } from '../../engine/steps/identity-decisions.ts';
import {
  createAfter,
  createBorn,
  createNamed,
  insertEvents,
  passIdsOn,
  resolveIds,
} from '../../engine/steps/identity-ids.ts';
import {
  createAffected,
  createBlocks,
  createLost,
  createTouched,
  insertDecisions,
} from '../../engine/steps/identity-matches.ts';
import { insertPairs } from '../../engine/steps/identity-pairs.ts';
import { createChanged } from '../../engine/steps/identity-records.ts';
import { insertReview } from '../../engine/steps/identity-review.ts';
import { selectRecords, tablesOf } from '../../engine/steps/identity-shape.ts';
import { duckdbDialect } from '../../loaders/duckdb/dialect.ts';
import { compileStatement } from '../../loaders/duckdb/statement.ts';
import { peopleConfig, peopleNode, peopleRules } from './identity-bench.ts';

const tables = tablesOf({ schema: 'mart', name: 'thing' });
const { ids, records, matches, identity, events } = tables;
const dialect = duckdbDialect;
const text = (name: string) => ({ name, type: 'string', typeName: 'VARCHAR' }) as const;
const columns = ['record', 'system', 'record_id', 'key_1', 'value_5'].map(text);
const decided = [
  ...['left_record', 'right_record', 'decision', 'why', 'model'].map(text),
  { name: 'decided_at', type: 'timestamp', typeName: 'TIMESTAMP' } as const,
];
const decisions = selectDecisions(
  peopleNode(),
  { relation: { schema: 'mart', name: 'decisions' }, columns: decided },
  dialect,
);
const at = sql`cast('2026-01-01' as timestamp)`;
const pairs = { rules: peopleRules, records, dialect, scope: 'changed' } as const;
const pairsOf = (index: number): RawBuilder<unknown> => {
  const rule = peopleRules[index];
  if (!rule) throw new Error(`there is no rule ${index}`);
  return insertPairs(rule, index, pairs);
};

const statements: Readonly<Record<string, RawBuilder<unknown>>> = {
  'identity-records': selectRecords(peopleConfig, dialect, sql`select * from people`),
  'identity-changed': createChanged(records, columns),
  'identity-affected': createAffected(peopleRules),
  'identity-blocks': createBlocks(peopleRules, records, 'changed'),
  'identity-pairs-refers': pairsOf(0),
  'identity-pairs-exact': pairsOf(3),
  'identity-pairs-fuzzy': pairsOf(4),
  'identity-decisions': insertDecisions(decisions, records, 'DOUBLE'),
  'identity-lost': createLost(peopleRules, matches),
  'identity-touched': createTouched(),
  'identity-before': createBefore(identity, 'changed'),
  'identity-scope': createScope(records, 'changed'),
  'identity-pass-on': passIdsOn(ids, records, 'person_id'),
  'identity-named': createNamed(ids, records),
  'identity-born': createBorn(peopleConfig, ids, records, dialect),
  'identity-after': createAfter(peopleConfig, records),
  'identity-resolve': resolveIds(ids, 'person_id'),
  'identity-events': insertEvents(events, 'person_id', at, 'run'),
  'identity-review': insertReview(tables, 'person_id', 'changed'),
};

test.each(Object.keys(statements))('%s reads as reviewed', async (name) => {
  const statement = statements[name] ?? sql``;
  const lines = compileStatement(statement).text.split('\n');
  const indent = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
  );
  const golden = lines
    .map((line) => line.slice(indent).trimEnd())
    .join('\n')
    .trim();
  await expect(`${golden}\n`).toMatchFileSnapshot(`../golden/${name}.duckdb.sql`);
});
