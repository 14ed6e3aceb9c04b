import { ApiError } from './api-error.ts';
import { noSuchColumn, seeField } from './catalog.ts';
import type { Org } from './org.ts';
import { completeField, type Field, type SandboxObject } from './schema.ts';
import { quote } from './store.ts';
import { findRelation } from './writer.ts';

/** Parents may be reached over this many steps (`Contact.Account.Owner.Manager.Name`). */
const stepsMax = 5;

/** One field of a query, found and named in SQL. */
export interface Column {
  /** As it appears in answers: `['Owner', 'Name']`. */
  path: readonly string[];
  field: Field;
  sql: string;
  /** What the field is compared by: text without a column's own collation gets one here. */
  comparable: string;
  /** SQL of the parent's id, for each step of the path but the last; and the parent's object. */
  parents: readonly { idSql: string; object: string }[];
}

/** The tables a query touches: its object, and the parents its fields lead to. */
export interface Scope {
  object: SandboxObject;
  /** Finds a field by its path in SOQL; INVALID_FIELD when there is none. */
  resolve(path: string): Column;
  /** FROM and its joins, once every field is resolved. */
  from(): string;
}

const nameFields = {
  id: completeField('Name', { name: 'Id', type: 'id' }),
  name: completeField('Name', { name: 'Name', type: 'string', derived: '' }),
  type: completeField('Name', { name: 'Type', type: 'string', derived: '' }),
} as const;

export function createScope(
  org: Org,
  object: SandboxObject,
  alias: string | undefined,
  soql: string,
  level: number,
): Scope {
  const root = `q${level}_0`;
  const joins = new Map<string, { alias: string; object: SandboxObject; sql: string }>();

  function join(
    from: string,
    key: string,
    reference: Field,
  ): { alias: string; object: SandboxObject } {
    const known = joins.get(key);
    if (known !== undefined) return known;
    const parent = org.catalog.see(reference.referenceTo?.[0] ?? '', 'query');
    const name = `q${level}_${joins.size + 1}`;
    const sql = `left join ${org.store.source(parent)} ${name} on ${name}."Id" = ${from}.${quote(reference.name)}`;
    const entry = { alias: name, object: parent, sql };
    joins.set(key, entry);
    return entry;
  }

  function resolve(path: string): Column {
    const steps = path.split('.');
    if (steps.length > 1 && [alias, object.name].some((name) => isSame(name, steps[0]))) {
      steps.shift();
    }
    const last = steps.pop() ?? '';
    if (steps.length > stepsMax) {
      throw new ApiError(
        400,
        'INVALID_FIELD',
        `more than ${stepsMax} relationship levels: ${path}`,
      );
    }
    let at = { alias: root, object };
    const names: string[] = [];
    const parents: { idSql: string; object: string }[] = [];
    for (const [index, step] of steps.entries()) {
      const reference = findRelation(at.object, step);
      if (reference?.relationshipName === undefined) {
        throw new ApiError(
          400,
          'INVALID_FIELD',
          `${locate(soql, path)}Didn't understand relationship '${step}' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names.`,
        );
      }
      names.push(reference.relationshipName);
      if ((reference.referenceTo?.length ?? 0) > 1) {
        if (index < steps.length - 1) throw noSuchColumn(last, 'Name');
        return resolveAny(org, at.alias, reference, last, [...names], parents, soql);
      }
      at = join(at.alias, names.join('.').toLowerCase(), reference);
      parents.push({ idSql: `${at.alias}."Id"`, object: at.object.name });
    }
    const field = seeField(at.object, last);
    // Addresses of parents are not offered, only their parts.
    if (field === undefined || (field.type === 'address' && names.length > 0)) {
      const error = noSuchColumn(last, at.object.name);
      throw new ApiError(400, error.code, locate(soql, last) + error.message);
    }
    const sql = `${at.alias}.${quote(field.name)}`;
    const isLoose = field.isVirtual && typeof field.length === 'number' && isText(field);
    const comparable = isLoose ? `${sql} collate nocase` : sql;
    return { path: [...names, field.name], field, sql, comparable, parents };
  }

  return {
    object,
    resolve,
    from() {
      const source = `${org.store.source(object)} ${root}`;
      return [source, ...[...joins.values()].map((entry) => entry.sql)].join(' ');
    },
  };
}

const isSame = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && a.toLowerCase() === b?.toLowerCase();

export function isText(field: Field): boolean {
  return ['string', 'textarea', 'picklist', 'multipicklist', 'email', 'phone', 'url'].includes(
    field.type,
  );
}

/** A parent of one of several kinds (`Who`) shows what all have: Id, Name, Type. */
function resolveAny(
  org: Org,
  from: string,
  reference: Field,
  name: string,
  names: string[],
  parents: Column['parents'],
  soql: string,
): Column {
  const field = nameFields[name.toLowerCase() as keyof typeof nameFields];
  if (field === undefined) {
    const error = noSuchColumn(name, 'Name');
    throw new ApiError(400, error.code, locate(soql, name) + error.message);
  }
  const idSql = `${from}.${quote(reference.name)}`;
  const choices: string[] = [];
  for (const target of reference.referenceTo ?? []) {
    const parent = org.catalog.find(target);
    if (parent === undefined) continue;
    const nameField = [...parent.fields.values()].find((each) => each.nameField);
    const value = {
      Id: 'x."Id"',
      Name: `x.${quote(nameField?.name ?? 'Id')}`,
      Type: `'${parent.name}'`,
    }[field.name];
    choices.push(`(select ${value} from ${org.store.source(parent)} x where x."Id" = ${idSql})`);
  }
  const sql = choices.length === 1 ? (choices[0] ?? 'null') : `coalesce(${choices.join(', ')})`;
  const path = [...names, field.name];
  const steps = [...parents, { idSql, object: 'Name' }];
  return { path, field, sql, comparable: `${sql} collate nocase`, parents: steps };
}

/** The pointer into the statement that precedes Salesforce's message. */
function locate(soql: string, name: string): string {
  const at = soql.toLowerCase().indexOf(name.toLowerCase());
  if (at === -1) return '';
  const start = Math.max(0, at - 30);
  const snippet = soql.slice(start, at + name.length + 10);
  return `\n${snippet}\n${' '.repeat(at - start)}^\nERROR at Row:1:Column:${at + 1}\n`;
}
