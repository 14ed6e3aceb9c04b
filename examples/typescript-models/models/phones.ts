import { defineModel, ref } from 'tidemill';
import { findNumbers } from './parts/find-numbers.ts';

/** Every telephone number that somebody typed into one field, in the form a dialler takes. */
export const phones = defineModel({
  inputs: {
    contacts: ref('contacts', { id: 'bigint not null', country: 'varchar', phones: 'varchar' }),
  },
  columns: {
    contact_id: 'bigint not null',
    position: 'integer not null',
    number: 'varchar not null',
    extension: 'varchar',
  },
  key: ['contact_id', 'position'],
  async *run({ contacts }) {
    for await (const batch of contacts) {
      for (const { id, country, phones } of batch) {
        const found = findNumbers(phones ?? '', country ?? '');
        yield found.map((one, index) => ({ contact_id: id, position: index + 1, ...one }));
      }
    }
  },
});
