import { type RawBuilder, sql } from 'kysely';
import type { CanonicalKind } from '../../engine/words/warehouse.ts';

export function canonicalText(
  _kind: CanonicalKind,
  value: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`nullif(cast(${value} as varchar), '')`;
}
