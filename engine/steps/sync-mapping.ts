import type { DestinationField } from '../words/destination.ts';
import { TerminalError } from '../words/errors.ts';
import type { ColumnType } from '../words/stream.ts';
import { didYouMean } from '../words/suggest.ts';
import { type FieldSpec, isIdMatch, type SyncSpec } from '../words/sync.ts';
import { type Column, formatRelation, type Relation } from '../words/table.ts';
import type { CanonicalKind, Session } from '../words/warehouse.ts';

/** What a sync is compared with and sent to, beside its declaration. */
export interface SyncTarget {
  /** The extracted current view of the object, `<connection>.<stream>`. */
  readonly current: Relation;
  /** The log behind it, `raw_<connection>.<stream>`: tells a deleted record from an unseen one. */
  readonly log: Relation;
  /** The destination's own account of the object. */
  readonly fields: readonly DestinationField[];
}

/** A column on one side, with what is needed to compare it. */
export interface Side {
  readonly name: string;
  readonly type: ColumnType;
  readonly typeName: string;
}

export interface MappedField extends FieldSpec {
  readonly kind: CanonicalKind;
  readonly destination: DestinationField;
  readonly model: Side;
  readonly crm: Side;
}

export interface MappedKey {
  readonly field: string;
  readonly column: string;
  readonly kind: CanonicalKind;
  readonly model: Side;
  /** Absent where the key is the CRM's own id. */
  readonly crm: Side | undefined;
}

/** A declaration that was found to fit the model, the object and what is extracted of it. */
export interface SyncMapping {
  readonly spec: SyncSpec;
  readonly target: SyncTarget;
  readonly keys: readonly MappedKey[];
  readonly fields: readonly MappedField[];
  readonly associations: readonly { readonly object: string; readonly model: Side }[];
  readonly modifiedColumn: string | undefined;
  readonly matchesById: boolean;
  readonly canCreate: boolean;
}

export interface MappingAnswer {
  /** Absent where there are faults. */
  readonly mapping?: SyncMapping;
  /** Every fault of the declaration at once; none of them comes from data. */
  readonly faults: readonly TerminalError[];
}

/** Reads no data: columns of the model and of the extracted view, and the object's fields. */
export async function mapSync(
  session: Session,
  spec: SyncSpec,
  target: SyncTarget,
): Promise<MappingAnswer> {
  const model = await session.describe(spec.from);
  const crm = await session.describe(target.current);
  const faults: TerminalError[] = [];
  if (!model) faults.push(missingRelation(spec, spec.from, 'model-not-built', 'Build the model.'));
  if (!crm) {
    const hint = `Name the stream under extract.${spec.connection} and extract it once.`;
    faults.push(missingRelation(spec, target.current, 'stream-not-extracted', hint));
  }
  if (!model || !crm) return { faults };
  return resolve({ spec, target, model, crm, faults });
}

interface Resolving {
  readonly spec: SyncSpec;
  readonly target: SyncTarget;
  readonly model: readonly Column[];
  readonly crm: readonly Column[];
  readonly faults: TerminalError[];
}

function resolve(on: Resolving): MappingAnswer {
  const { spec, target } = on;
  const matchesById = isIdMatch(spec);
  const canCreate = !matchesById && spec.behavior !== 'update_only';
  const keys: readonly MappedKey[] = spec.match.flatMap((match) => resolveKey(on, match) ?? []);
  const mapping: SyncMapping = {
    spec,
    target,
    matchesById,
    canCreate,
    keys,
    fields: [
      ...spec.fields.flatMap((field) => resolveField(on, field) ?? []),
      ...(canCreate ? keyFields(on, keys) : []),
    ],
    associations: spec.associate.flatMap(({ object, column }) => {
      const found = findModelColumn(on, column);
      return found ? { object, model: found } : [];
    }),
    modifiedColumn: resolveModified(on),
  };
  if (spec.match.length === 0) {
    fault(on, 'match-missing', 'has no match', 'Name the CRM field and the column under match.');
  }
  if (matchesById && spec.match.length > 1) {
    fault(on, 'match-id-alone', 'matches by id and more', 'Match by the CRM id alone.');
  }
  if (matchesById && !['update_only', 'mirror', 'upsert'].includes(spec.behavior)) {
    const found = `is ${spec.behavior} but matches by the CRM's id, which only the CRM gives`;
    fault(on, 'match-id-create', found, 'Match by another field, or use update_only.');
  }
  if (mapping.canCreate) checkRequired(on);
  checkTwice(on);
  return on.faults.length === 0 ? { mapping, faults: [] } : { faults: on.faults };
}

function resolveKey(on: Resolving, match: { field: string; column: string }) {
  const model = findModelColumn(on, match.column);
  if (match.field === 'Id' || match.field === 'id') {
    return model && { ...match, kind: 'record_id' as const, model, crm: undefined };
  }
  const destination = findField(on, match.field);
  const crm = destination && findCrmColumn(on, match.field);
  return model && destination && crm && { ...match, kind: destination.kind, model, crm };
}

/** A created record must hold its key, or it would never be found again; updates leave it alone. */
function keyFields(on: Resolving, keys: readonly MappedKey[]): MappedField[] {
  return keys.flatMap(({ field, column, kind, model, crm }) => {
    const isMapped = on.spec.fields.some((one) => one.field === field);
    const destination = on.target.fields.find((one) => one.name === field);
    if (isMapped || !destination || !crm) return [];
    if (!destination.creatable) {
      const found = `creates records by ${field}, which nobody can write (${destination.type})`;
      fault(on, 'field-read-only', found, 'Match by another field, or use update_only.');
    }
    const rule = { field, column, write: 'always', owner: 'warehouse' } as const;
    return [{ ...rule, kind, destination: { ...destination, updatable: false }, model, crm }];
  });
}

function resolveField(on: Resolving, field: FieldSpec): MappedField | undefined {
  const { spec } = on;
  const model = findModelColumn(on, field.column);
  const destination = findField(on, field.field);
  const crm = destination && findCrmColumn(on, field.field);
  if (destination && !destination.creatable && !destination.updatable) {
    const found = `maps ${field.field}, which nobody can write (${destination.type})`;
    fault(on, 'field-read-only', found, 'Take it out of fields, or give the user the permission.');
  }
  if (field.owner === 'latest' && spec.modifiedColumn === undefined) {
    const found = `lets the latest edit of ${field.field} win but names no modified column`;
    fault(on, 'modified-column-missing', found, 'Name the column that says when a row changed.');
  }
  if (destination && field.write === 'append' && !appendable.has(destination.kind)) {
    const found = `appends to ${field.field}, which is ${destination.kind}`;
    fault(on, 'append-to-single-value', found, 'Append to a text or a multi-select.');
  }
  if (destination && model && !fits(destination.kind, model.type)) {
    const found = `sends ${field.column} (${model.type}) to ${field.field} (${destination.kind})`;
    fault(on, 'field-kind', found, 'Cast the column in the model.');
  }
  return (
    model && destination && crm && { ...field, kind: destination.kind, destination, model, crm }
  );
}

const appendable: ReadonlySet<CanonicalKind> = new Set(['text', 'multi_select']);

/** Text may hold anything and is checked row by row; the rest must be of the kind's own types. */
function fits(kind: CanonicalKind, type: ColumnType): boolean {
  if (type === 'string') return true;
  switch (kind) {
    case 'text':
    case 'json':
      return true;
    case 'record_id':
      return type === 'integer';
    case 'number':
      return type === 'integer' || type === 'double' || type.startsWith('decimal');
    case 'boolean':
      return type === 'boolean';
    case 'date':
      return type === 'date' || type === 'timestamp';
    case 'datetime':
      return type === 'timestamp' || type === 'date';
    case 'email':
      return false;
    case 'multi_select':
      return type === 'json';
    default:
      return kind satisfies never;
  }
}

function resolveModified(on: Resolving): string | undefined {
  const { modifiedColumn } = on.spec;
  if (modifiedColumn === undefined) return undefined;
  const column = findModelColumn(on, modifiedColumn);
  if (column && column.type !== 'timestamp') {
    const found = `compares ${modifiedColumn} with the CRM's stamp, but it is ${column.type}`;
    fault(on, 'modified-column-type', found, 'Cast it to a timestamp in the model.');
  }
  return column?.name;
}

function checkRequired(on: Resolving): void {
  const mapped = new Set([...on.spec.fields, ...on.spec.match].map(({ field }) => field));
  for (const field of on.target.fields) {
    if (!field.required || !field.creatable || mapped.has(field.name)) continue;
    const found = `creates records without ${field.name}, which ${on.spec.object} requires`;
    fault(on, 'field-required', found, `Map ${field.name}, or use update_only.`);
  }
}

function checkTwice(on: Resolving): void {
  const seen = new Set<string>();
  for (const { field } of on.spec.fields) {
    if (seen.has(field)) fault(on, 'field-twice', `maps ${field} twice`, 'Keep one of them.');
    seen.add(field);
  }
}

function findModelColumn(on: Resolving, name: string): Side | undefined {
  const column = findColumn(on.model, name);
  if (column) return column;
  const where = formatRelation(on.spec.from);
  const near = didYouMean(
    name,
    on.model.map((one) => one.name),
  );
  const found = `reads the column ${name}, which ${where} does not have${near}`;
  return fault(on, 'column-unknown', found, 'Correct the column, or add it to the model.');
}

function findCrmColumn(on: Resolving, name: string): Side | undefined {
  const column = findColumn(on.crm, name);
  if (column) return column;
  const found = `writes ${name}, which is not extracted into ${formatRelation(on.target.current)}`;
  return fault(on, 'field-not-extracted', found, 'Extract the field: the diff compares with it.');
}

function findField(on: Resolving, name: string): DestinationField | undefined {
  const field = on.target.fields.find((one) => one.name === name);
  if (field) return field;
  const near = didYouMean(
    name,
    on.target.fields.map((one) => one.name),
  );
  const found = `names the field ${name}, which ${on.spec.object} does not have${near}`;
  return fault(on, 'field-unknown', found, 'Correct the name, or give the user the permission.');
}

/** Warehouses fold the case of names; declarations keep to what people wrote. */
function findColumn(columns: readonly Column[], name: string): Side | undefined {
  const exact = columns.find((column) => column.name === name);
  return exact ?? columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
}

function fault(on: Resolving, code: string, found: string, hint: string): undefined {
  on.faults.push(
    new TerminalError(`sync ${on.spec.name} ${found}`, { code, hint, sync: on.spec.name }),
  );
  return undefined;
}

function missingRelation(
  spec: SyncSpec,
  relation: Relation,
  code: string,
  hint: string,
): TerminalError {
  const message = `sync ${spec.name} needs ${formatRelation(relation)}, which does not exist`;
  return new TerminalError(message, { code, hint, sync: spec.name });
}
