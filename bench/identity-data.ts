import { type RawBuilder, sql } from 'kysely';
import type { IdentityRule } from '../engine/words/identity.ts';
import type { BuildNode } from '../engine/words/node.ts';

/** One contact in twenty is a duplicate of another. */
const duplicateEvery = 20;
const contactsPerFirm = 10;

/** Contacts of two systems in firms of ten; the last 5 % are others once more, in three manners. */
export function createContacts(rows: number): RawBuilder<unknown> {
  const originals = rows - Math.floor(rows / duplicateEvery);
  return sql`
    create table contacts as
    select
      case when k < ${sql.lit(originals)} then 'salesforce' else 'hubspot' end as system,
      'C' || lpad(cast(k as varchar), 9, '0') as record_id,
      o as original,
      timestamp '2020-01-01' + to_seconds(cast(k as bigint)) as created_at,
      -- Every third has another address, or none, and is known by something else.
      case
        when k < ${sql.lit(originals)} or k % 3 = 0
          then case when hash(k, 8) % 2 = 0 then 'User' else 'user' end || o || '@Example.com '
      end as email,
      ${phoneOf} as phone,
      case when k >= ${sql.lit(originals)} and k % 3 = 2 then ${misspeltName} else ${nameOf} end
        as name,
      'firm' || (o // ${sql.lit(contactsPerFirm)}) || '.example' as firm
    from (
      select
        k,
        case when k < ${sql.lit(originals)} then k
          else (k * 7919) % ${sql.lit(originals)} end as o
      from range(${sql.lit(rows)}) as numbers (k)
    ) as people`;
}

const phoneOf = sql`'+1 ' || lpad(cast(hash(o, 1) % 10000000000 as varchar), 10, '0')`;
const syllables = sql`['ka', 'mo', 'ri', 'ten', 'lu', 'sha', 'vo', 'ber', 'ni', 'dra', 'pe', 'zul']`;
const syllable = (at: number) =>
  sql`(${syllables})[1 + cast(hash(o, ${sql.lit(at)}) % 12 as integer)]`;
const firstName = sql`${syllable(11)} || ${syllable(12)} || ${syllable(13)}`;
const lastName = sql`${syllable(14)} || ${syllable(15)} || ${syllable(16)} || ${syllable(17)}`;
const nameOf = sql`${firstName} || ' ' || ${lastName}`;
const misspeltName = sql`${firstName} || ' ' || ${syllable(14)} || ${syllable(15)} || ${syllable(16)}
  || substr(${syllable(17)}, 2)`;

/** Edits one contact in `every`: a new address, a new phone, or a new name. */
export function editContacts(every: number): RawBuilder<unknown> {
  const at = sql`cast(substr(record_id, 2) as bigint)`;
  return sql`
    update contacts
    set
      email = case when ${at} % 3 = 0 then 'new.' || email else email end,
      phone = case when ${at} % 3 = 1 then phone || '9' else phone end,
      name = case when ${at} % 3 = 2 then name || 'x' else name end
    where ${at} % ${sql.lit(every)} = 0`;
}

const plain = { acrossSystems: false, agree: [], blockRecordsMax: 200 } as const;
const rules: readonly IdentityRule[] = [
  { ...plain, name: 'email', kind: 'exact', keys: ['lower(trim(email))'], score: 0.95 },
  { ...plain, name: 'phone', kind: 'exact', keys: ['phone', 'name'], score: 0.9 },
  {
    ...plain,
    name: 'similar_name',
    kind: 'fuzzy',
    value: 'name',
    block: ['firm'],
    threshold: 0.96,
    review: 0.9,
    acrossSystems: true,
  },
];

export const identityNode: BuildNode = {
  id: 'model.bench.identity',
  name: 'identity',
  file: 'bench/identity.sql',
  relation: { schema: 'mart', name: 'identity' },
  config: {
    materialization: 'identity',
    enabled: true,
    tags: [],
    preHooks: [],
    postHooks: [],
    raw: {},
    identity: {
      canonicalId: 'contact_id',
      idPrefix: 'con',
      system: 'system',
      recordId: 'record_id',
      createdAt: 'created_at',
      primaryBy: ['created_at'],
      rules,
    },
  },
  sql: 'select * from contacts',
  isIncremental: false,
  checks: [],
  fingerprint: 'bench',
};
