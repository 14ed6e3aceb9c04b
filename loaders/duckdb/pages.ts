import { type RawBuilder, sql } from 'kysely';
import type { Stream } from '../../engine/words/stream.ts';
import type { PageFile } from '../../engine/words/warehouse.ts';

export function pagesTable(_files: readonly PageFile[], _stream: Stream): RawBuilder<unknown> {
  return sql`(select 1)`;
}
