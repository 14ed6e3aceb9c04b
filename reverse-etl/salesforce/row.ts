import type { SalesforceField } from '../../apis/salesforce/describe.ts';
import type { RowChange, WriteResult } from '../../engine/words/destination.ts';
import { assertThat } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';
import { toWireValue } from './value.ts';

/**
 * A change ready to be sent: its record by field, with `Id` or the external id where it needs one.
 */
export interface Row {
  /** Its place among the changes of the call. */
  readonly index: number;
  readonly change: RowChange;
  readonly record: JsonObject & Readonly<Record<string, string | number | boolean | null>>;
}

export type Rejected = Extract<WriteResult, { readonly status: 'rejected' }>;

/** The row of a change, or its rejection where a value does not have its field's form. */
export function toRow(
  index: number,
  change: RowChange,
  fields: ReadonlyMap<string, SalesforceField>,
): Row | Rejected {
  const record: Record<string, string | number | boolean | null> = {};
  if (change.associations !== undefined && change.associations.length > 0) {
    return {
      status: 'rejected',
      code: 'associations-not-supported',
      message: 'Salesforce relates records by lookup fields: map the id to its field',
    };
  }
  if (change.action === 'update' || change.action === 'archive') {
    assertThat(change.id !== undefined, `${change.action} of a record without its id`);
    record['Id'] = change.id;
  }
  for (const [name, value] of Object.entries(change.fields)) {
    if (change.action === 'archive') break;
    const wire = toWireValue(fields.get(name), value);
    if ('refusal' in wire) {
      const message = `the value of ${name} ${wire.refusal}`;
      return { status: 'rejected', code: 'value-does-not-fit', message, fields: [name] };
    }
    record[name] = wire.value;
  }
  if (change.action === 'upsert') {
    assertThat(change.match !== undefined, 'upsert without its unique field');
    const { field, value } = change.match;
    const wire = toWireValue(fields.get(field), value);
    if ('refusal' in wire || wire.value === null) {
      const message = `the value of ${field} that finds the record is empty or has a wrong form`;
      return { status: 'rejected', code: 'value-does-not-fit', message, fields: [field] };
    }
    // As text: jsforce takes a key of 0 for none.
    record[field] = String(wire.value);
    // Salesforce refuses an upsert that names the id as well.
    delete record['Id'];
  }
  return { index, change, record };
}

/** Why a row was refused, in Salesforce's words, cut to what a table shows. */
export function reject(
  code: string,
  message: string,
  fields: readonly string[] | undefined,
): Rejected {
  const text = message.length > messageMax ? `${message.slice(0, messageMax)}…` : message;
  const named = fields !== undefined && fields.length > 0 ? { fields } : {};
  return { status: 'rejected', code, message: text, ...named };
}

const messageMax = 500;
