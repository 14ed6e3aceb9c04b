import type { HubSpotFault } from '../../apis/hubspot/fault.ts';
import type { HubSpotProperty } from '../../apis/hubspot/property.ts';
import type { RowChange, WriteResult } from '../../engine/words/destination.ts';
import { assertThat } from '../../engine/words/errors.ts';
import { toWireValue } from './value.ts';

/** A change ready to be sent. */
export interface Row {
  /** Its place among the changes of the call; also the name HubSpot answers it by. */
  readonly index: number;
  readonly change: RowChange;
  readonly properties: Readonly<Record<string, string>>;
  /** For upsert: the value that finds the record. */
  readonly matchValue?: string;
}

export type Rejected = Extract<WriteResult, { readonly status: 'rejected' }>;

/** The row of a change, or its rejection where a value does not have its property's form. */
export function toRow(
  index: number,
  change: RowChange,
  known: ReadonlyMap<string, HubSpotProperty>,
): Row | Rejected {
  const properties: Record<string, string> = {};
  if (change.action === 'update' || change.action === 'archive') {
    assertThat(change.id !== undefined, `${change.action} of a record without its id`);
  }
  if (change.action === 'archive') return { index, change, properties };
  for (const [name, value] of Object.entries(change.fields)) {
    const wire = toWireValue(known.get(name), value);
    if ('refusal' in wire) return misfit(name, `the value of ${name} ${wire.refusal}`);
    properties[name] = wire.value;
  }
  if (change.action !== 'upsert') return { index, change, properties };
  assertThat(change.match !== undefined, 'upsert without its unique field');
  const { field, value } = change.match;
  const wire = toWireValue(known.get(field), value);
  if ('refusal' in wire || wire.value === '') {
    return misfit(
      field,
      `the value of ${field} that finds the record is empty or has a wrong form`,
    );
  }
  return { index, change, properties, matchValue: wire.value };
}

function misfit(field: string, message: string): Rejected {
  return { status: 'rejected', code: 'value-does-not-fit', message, fields: [field] };
}

const duplicateCategories: ReadonlySet<string> = new Set(['CONFLICT', 'OBJECT_ALREADY_EXISTS']);

/** Why a row was refused, without the values it was sent with. */
export function reject(row: Row, fault: HubSpotFault): Rejected {
  const fields = listFields(fault);
  const named = fields.length > 0 ? { fields } : {};
  if (duplicateCategories.has(fault.category)) {
    const existing = /Existing ID: (\d{1,20})/.exec(fault.message)?.[1];
    const which = existing === undefined ? 'another record' : `record ${existing}`;
    const message = `${which} already has the unique value of this row`;
    return { status: 'rejected', code: 'duplicate', message, ...named };
  }
  const details = fault.errors.flatMap(({ code }) => code ?? []);
  const code = details[0] ?? (fault.subCategory || fault.category || `HTTP ${fault.status}`);
  return { status: 'rejected', code, message: formatMessage(row, fault), ...named };
}

function listFields(fault: HubSpotFault): readonly string[] {
  const named = [
    ...fault.errors.flatMap(({ context }) => context?.['propertyName'] ?? []),
    ...[fault.context['properties'] ?? []],
  ].flat();
  return [...new Set(named.map(String))];
}

const messageCharactersMax = 300;

/** HubSpot's words, with whatever of the row they quote taken out. */
function formatMessage(row: Row, fault: HubSpotFault): string {
  const details = fault.errors.flatMap(({ message }) => message ?? []);
  const said = details.length > 0 ? details.join('; ') : fault.message;
  const values = [...Object.values(row.properties), row.matchValue ?? '']
    .filter((value) => value !== '')
    // The longest first: a value may be part of another.
    .sort((left, right) => right.length - left.length);
  let text = said;
  for (const value of values) text = text.replaceAll(value, '…');
  for (const value of values) text = text.replaceAll(value.toLowerCase(), '…');
  if (text === '') text = `HubSpot refused the row (HTTP ${fault.status})`;
  return text.length > messageCharactersMax ? `${text.slice(0, messageCharactersMax)}…` : text;
}
