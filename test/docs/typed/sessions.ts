import { defineModel, ref } from 'tidemill';

const sessionsOf = (events: readonly { event_id: bigint | null }[]) => [{ events: events.length }];

export const sessions = defineModel({
  inputs: { events: ref('events', { contact_id: 'bigint', event_id: 'bigint' }) },
  columns: { contact_id: 'bigint', events: 'integer' },
  by: ['contact_id'],
  runKey(_key, { events }) {
    return sessionsOf(events); // rows without contact_id: it is put before them
  },
});
