import type { Stream } from '../../engine/words/stream.ts';
import type { Reading } from './cursor.ts';

/**
 * The SOQL of what is left of a read. `placed`: in the order that a place in it can be resumed
 * from;
 * `any`: as the source likes, which keeps its own parallel reading of bulk jobs.
 */
export function formatSoql(
  stream: Stream,
  names: readonly string[],
  reading: Reading,
  order: 'placed' | 'any',
): string {
  const { cursorField: stamp } = stream;
  const conditions: string[] = [];
  const { after, from } = reading;
  if (stamp === undefined) {
    if (after !== undefined) conditions.push(`Id > '${after.id}'`);
  } else if (after?.stamp !== undefined) {
    // The first condition follows from the second; it is there for the index.
    conditions.push(`${stamp} >= ${after.stamp}`);
    conditions.push(`(${stamp} > ${after.stamp} OR Id > '${after.id}')`);
  } else if (from !== undefined) conditions.push(`${stamp} >= ${from}`);
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const keys = stamp === undefined ? 'Id' : `${stamp}, Id`;
  const ordered = order === 'placed' ? ` ORDER BY ${keys}` : '';
  return `SELECT ${names.join(', ')} FROM ${stream.name}${where}${ordered}`;
}
