import { sql } from 'kysely';
import type { BuildContext, MaterializeResult } from '../../engine/steps/build-context.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { IdentityConfig, IdentityRule } from '../../engine/words/identity.ts';
import type { BuildNode } from '../../engine/words/node.ts';
import type { Row } from '../../engine/words/warehouse.ts';
import { contextOf, nodeOf, type Workbench } from '../materialize/workbench.ts';

/** One record of the tests; what is left out is null. */
export interface Person {
  readonly system: string;
  readonly id: string;
  readonly made?: number;
  readonly email?: string | null;
  readonly phone?: string | null;
  readonly name?: string | null;
  readonly firm?: string | null;
  readonly twin?: string | null;
  readonly merged?: string | null;
  readonly gone?: boolean;
}

export interface Decision {
  readonly left: string;
  readonly right: string;
  readonly decision: string;
  readonly why?: string;
  readonly at?: number;
}

const base = { acrossSystems: false, agree: [] } as const;

export const peopleRules: readonly IdentityRule[] = [
  { ...base, name: 'merge', kind: 'refers', names: 'merged', separator: ';', score: 1 },
  { ...base, name: 'twin', kind: 'refers', names: 'twin', to: 'sf', score: 1 },
  {
    ...base,
    name: 'email',
    kind: 'exact',
    keys: ['lower(email)'],
    score: 0.95,
    blockRecordsMax: 6,
  },
  {
    ...base,
    name: 'phone',
    kind: 'exact',
    keys: ['phone', 'firm'],
    score: 0.8,
    blockRecordsMax: 6,
    acrossSystems: true,
  },
  {
    ...base,
    name: 'similar_name',
    kind: 'fuzzy',
    value: 'name',
    block: ['firm'],
    threshold: 0.93,
    review: 0.8,
    blockRecordsMax: 6,
    agree: ['phone'],
  },
];

export const peopleConfig: IdentityConfig = {
  canonicalId: 'person_id',
  idPrefix: 'per',
  system: 'system',
  recordId: 'id',
  createdAt: 'made',
  primaryBy: ['gone', 'made'],
  decisions: 'decisions',
  decisionsRelation: { schema: 'mart', name: 'decisions' },
  rules: peopleRules,
};

export function peopleNode(
  config: Partial<IdentityConfig> = {},
  rest: Partial<BuildNode> = {},
): BuildNode {
  const identity = { ...peopleConfig, ...config };
  const node = nodeOf('select * from people', { materialization: 'identity', identity }, rest);
  return { ...node, name: 'thing' };
}

export async function createPeople(bench: Workbench): Promise<void> {
  await bench.run(
    'create schema mart',
    `create table people (system varchar, id varchar, made integer, email varchar, phone varchar,
       name varchar, firm varchar, twin varchar, merged varchar, gone boolean)`,
    `create table mart.decisions
       (left_record varchar, right_record varchar, decision varchar, why varchar,
        decided_at integer)`,
  );
}

/** Puts records in the place of those of their names. */
export async function put(bench: Workbench, ...people: Person[]): Promise<void> {
  if (people.length === 0) return;
  const rows = people.map(
    ({ system, id, made, email, phone, name, firm, twin, merged, gone }) => sql`
      (${system}, ${id}, ${made ?? null}, ${email ?? null}, ${phone ?? null}, ${name ?? null},
        ${firm ?? null}, ${twin ?? null}, ${merged ?? null}, ${gone ?? false})`,
  );
  await remove(bench, ...people.map(({ system, id }) => `${system}:${id}`));
  await bench.warehouse.execute(sql`insert into people values ${sql.join(rows)}`);
}

export async function remove(bench: Workbench, ...records: string[]): Promise<void> {
  if (records.length === 0) return;
  await bench.warehouse.execute(sql`
    delete from people where system || ':' || id in (${sql.join(records)})`);
}

export async function decide(bench: Workbench, ...decisions: Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  const rows = decisions.map(
    ({ left, right, decision, why, at }) => sql`
      (${left}, ${right}, ${decision}, ${why ?? null}, ${at ?? null})`,
  );
  await bench.warehouse.execute(sql`insert into mart.decisions values ${sql.join(rows)}`);
}

export function build(
  bench: Workbench,
  context: Partial<BuildContext> = {},
  node: BuildNode = peopleNode(),
): Promise<MaterializeResult> {
  return materialize(bench.warehouse, node, contextOf(context));
}

/** Clusters as sorted lists of records, in order. */
export async function readClusters(bench: Workbench): Promise<string[]> {
  const rows = await bench.rows(
    `select string_agg(record, ' ' order by record) as records
     from mart.thing group by person_id order by 1`,
  );
  return rows.map(({ records }) => String(records));
}

/** Each record's id. */
export async function readIds(bench: Workbench): Promise<Record<string, string>> {
  const rows = await bench.rows('select record, person_id from mart.thing order by record');
  return Object.fromEntries(rows.map((row) => [String(row['record']), String(row['person_id'])]));
}

export async function readEvents(bench: Workbench): Promise<Row[]> {
  return bench.rows(
    'select event, from_id, to_id, records from mart.thing_events order by happened_at, event',
  );
}

const tables = ['thing', 'thing_matches', 'thing_review', 'thing_oversize'];

/** Every table as sorted lines; ids and events as well, where they are asked for. */
export async function readAll(
  bench: Workbench,
  withIds = false,
): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const name of [...tables, ...(withIds ? ['thing_ids', 'thing_events'] : [])]) {
    const rows = await bench.rows(`select * from mart.${name}`);
    found[name] = rows.map((row) => JSON.stringify(row)).toSorted();
  }
  return found;
}

/** Everything but the ids' names: clusters, matches, what is to be reviewed, large blocks. */
export async function readPartition(bench: Workbench, name: string): Promise<readonly Row[][]> {
  return Promise.all(
    [
      `select string_agg(record || (case when is_primary then '*' else '' end), ' ' order by record)
         as records, min(component) as component
       from mart.${name} group by person_id order by all`,
      `select * from mart.${name}_matches order by all`,
      `select * exclude (left_id, right_id) from mart.${name}_review order by all`,
      `select * from mart.${name}_oversize order by all`,
    ].map((text) => bench.rows(text)),
  );
}
