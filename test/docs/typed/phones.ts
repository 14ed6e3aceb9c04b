// models/phones.ts
import { defineModel, ref } from 'tidemill';
import { findNumbers } from './parts/find-numbers.ts';

export const phones = defineModel({
  inputs: {
    contacts: ref('contacts', { id: 'bigint not null', phones: 'varchar' }),
  },
  columns: { contact_id: 'bigint', position: 'integer', number: 'varchar not null' },
  key: ['contact_id', 'position'],
  async *run({ contacts }) {
    for await (const batch of contacts) {
      for (const { id, phones } of batch) {
        yield findNumbers(phones ?? '').map((number, at) => ({
          contact_id: id,
          position: at + 1,
          number,
        }));
      }
    }
  },
});
