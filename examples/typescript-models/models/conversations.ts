import { defineModel, ref } from 'tidemill';

const pauseMs = 60 * 60 * 1_000;

/**
 * What a contact did without an hour's pause, as one row. Only contacts with new or changed events
 * are asked for again: `by` says which rows belong together.
 */
export const conversations = defineModel({
  inputs: {
    events: ref(
      'raw_events',
      { contact_id: 'bigint', at: 'timestamp not null', kind: 'varchar not null' },
      { orderBy: ['at'] },
    ),
  },
  by: ['contact_id'],
  columns: {
    contact_id: 'bigint not null',
    position: 'integer not null',
    started_at: 'timestamp not null',
    path: 'varchar not null',
    outcome: 'varchar not null',
  },
  key: ['contact_id', 'position'],
  *runKey(_contact, { events }) {
    let position = 0;
    for (let first = 0; first < events.length; ) {
      let last = first;
      while (isNear(events[last]?.at, events[last + 1]?.at)) last += 1;
      const kinds = events.slice(first, last + 1).map(({ kind }) => kind);
      position += 1;
      yield {
        position,
        started_at: events[first]?.at ?? '',
        path: kinds.join(' > '),
        outcome: judge(kinds),
      };
      first = last + 1;
    }
  },
});

function isNear(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  return Date.parse(after) - Date.parse(before) < pauseMs;
}

function judge(kinds: readonly string[]): string {
  if (kinds.includes('answered')) return 'helped';
  return kinds.includes('asked') ? 'waiting' : 'browsed';
}
