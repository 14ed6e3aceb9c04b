import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  LIST,
  SQLNULL,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { assertThat } from '../../engine/words/errors.ts';
import type { RowValue } from '../../engine/words/warehouse.ts';

const bigintMax = 2n ** 63n - 1n;
const bigintMin = -(2n ** 63n);

export interface Parameter {
  readonly value: DuckDBValue;
  readonly type: DuckDBType;
  /** The engine's word for the type, for messages: values never appear there. */
  readonly label: string;
}

/**
 * A JavaScript value as a typed parameter: the statement then means the same whatever the value.
 */
export function bindValue(value: unknown): Parameter {
  if (value === null || value === undefined) return { value: null, type: SQLNULL, label: 'null' };
  switch (typeof value) {
    case 'string':
      return { value, type: VARCHAR, label: 'string' };
    case 'boolean':
      return { value, type: BOOLEAN, label: 'boolean' };
    case 'number':
      return Number.isSafeInteger(value)
        ? { value: BigInt(value), type: BIGINT, label: 'integer' }
        : { value, type: DOUBLE, label: 'double' };
    case 'bigint':
      return value >= bigintMin && value <= bigintMax
        ? { value, type: BIGINT, label: 'integer' }
        : { value, type: HUGEINT, label: 'hugeint' };
    default:
  }
  if (value instanceof Date) {
    const micros = BigInt(value.getTime()) * 1_000n;
    return { value: new DuckDBTimestampValue(micros), type: TIMESTAMP, label: 'timestamp' };
  }
  if (Array.isArray(value)) {
    const isText = value.every((item) => typeof item === 'string' || item === null);
    assertThat(isText, 'only lists of strings can be parameters');
    return { value: new DuckDBListValue(value), type: LIST(VARCHAR), label: 'list of string' };
  }
  throw new Error(`assertion failed: a ${typeof value} cannot be a parameter`);
}

/** Micros since the epoch as ISO 8601 with `Z`: three digits of a second, six where they matter. */
function formatMicros(micros: bigint, fallback: string): string {
  const rest = ((micros % 1_000n) + 1_000n) % 1_000n;
  const ms = Number((micros - rest) / 1_000n);
  if (!(Math.abs(ms) <= 8.64e15)) return fallback;
  const text = new Date(ms).toISOString();
  return rest === 0n ? text : text.replace('Z', `${rest.toString().padStart(3, '0')}Z`);
}

function convertTimestamp(value: DuckDBValue): string | undefined {
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return formatMicros(value.micros, String(value));
  }
  if (value instanceof DuckDBTimestampMillisecondsValue) {
    return formatMicros(value.millis * 1_000n, String(value));
  }
  if (value instanceof DuckDBTimestampSecondsValue) {
    return formatMicros(value.seconds * 1_000_000n, String(value));
  }
  if (value instanceof DuckDBTimestampNanosecondsValue) {
    return formatMicros(value.nanos / 1_000n, String(value));
  }
  return undefined;
}

function childType(type: DuckDBType, key: 'valueType' | 'keyType'): DuckDBType | undefined {
  return (type as unknown as Record<string, DuckDBType | undefined>)[key];
}

function convertStruct(value: DuckDBStructValue, type: DuckDBType): Record<string, RowValue> {
  const names = (type as unknown as { entryNames?: readonly string[] }).entryNames ?? [];
  const types = (type as unknown as { entryTypes?: readonly DuckDBType[] }).entryTypes ?? [];
  const typeOf = new Map(names.map((name, index) => [name, types[index]]));
  return Object.fromEntries(
    Object.entries(value.entries).map(([name, entry]) => [
      name,
      convertValue(entry, typeOf.get(name)),
    ]),
  );
}

/** A driver's value as the engine's, as `engine/words/warehouse.ts` promises. */
export function convertValue(value: DuckDBValue, type: DuckDBType | undefined): RowValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (typeof value === 'string') {
    return type?.alias === 'JSON' ? (JSON.parse(value) as RowValue) : value;
  }
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (value instanceof DuckDBDecimalValue || value instanceof DuckDBDateValue) return String(value);
  const timestamp = convertTimestamp(value);
  if (timestamp !== undefined) return timestamp;
  if (value instanceof DuckDBListValue) {
    const itemType = type && childType(type, 'valueType');
    return value.items.map((item) => convertValue(item, itemType));
  }
  if (value instanceof DuckDBStructValue && type) return convertStruct(value, type);
  if (value instanceof DuckDBMapValue) {
    const itemType = type && childType(type, 'valueType');
    return Object.fromEntries(
      value.entries.map(({ key, value: item }) => [String(key), convertValue(item, itemType)]),
    );
  }
  if (value instanceof DuckDBBlobValue) return value.bytes;
  return String(value);
}
