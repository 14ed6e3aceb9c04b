import { valueError } from './jinja/jinja-error.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  PyFloat,
} from './jinja/values.ts';
import { firstOffsetOf, offsetOfWall, offsetText, utcZone, type Zone } from './zone-offset.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const pad = (value: number, width = 2): string => String(value).padStart(width, '0');

/** Python's `strftime`, as far as templates go; a time without a zone counts as UTC. */
function formatTime(timeMs: number, format: string, zone?: ZonedOffset): string {
  const at = new Date(timeMs);
  const [day = '', month = ''] = [days[at.getUTCDay()], months[at.getUTCMonth()]];
  const yearStart = Date.UTC(at.getUTCFullYear(), 0, 1);
  const parts: Record<string, string> = {
    Y: String(at.getUTCFullYear()),
    y: pad(at.getUTCFullYear() % 100),
    m: pad(at.getUTCMonth() + 1),
    d: pad(at.getUTCDate()),
    H: pad(at.getUTCHours()),
    I: pad(at.getUTCHours() % 12 || 12),
    M: pad(at.getUTCMinutes()),
    S: pad(at.getUTCSeconds()),
    f: pad(microsOf(timeMs), 6),
    p: at.getUTCHours() < 12 ? 'AM' : 'PM',
    j: pad(Math.floor((timeMs - yearStart) / 86_400_000) + 1, 3),
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    w: String(at.getUTCDay()),
    s: String(Math.floor(utcOf(timeMs, zone) / 1_000)),
    z: offsetText(zone?.minutes ?? 0).replace(':', ''),
    Z: zone?.zone.name ?? 'UTC',
    F: at.toISOString().slice(0, 10),
    T: at.toISOString().slice(11, 19),
    '%': '%',
  };
  return format.replace(/%-?([A-Za-z%])/g, (found, letter: string) => {
    const part = parts[letter];
    if (part === undefined) throw valueError(`strftime does not know "${found}"`);
    return found[1] === '-' ? part.replace(/^0+(?=.)/, '') : part;
  });
}

/** Of the second: a time of Python's has them, so milliseconds here may have a fraction. */
function microsOf(timeMs: number): number {
  return Math.round((timeMs - Math.floor(timeMs / 1_000) * 1_000) * 1_000);
}

/** `datetime.isoformat()`: a `T` or a space between, fractions only where there are any. */
function isoText(timeMs: number, isDate: boolean, between: string, zone: string): string {
  const text = new Date(timeMs).toISOString();
  if (isDate) return text.slice(0, 10);
  const micros = microsOf(timeMs);
  const fraction = micros === 0 ? '' : `.${pad(micros, 6)}`;
  return `${text.slice(0, 10)}${between}${text.slice(11, 19)}${fraction}${zone}`;
}

/** `datetime.timedelta`. */
export function deltaValue(durationMs: number): HostObject {
  return new HostObject({
    typeName: 'timedelta',
    target: durationMs,
    text: () => {
      const whole = Math.floor(durationMs / 86_400_000);
      const rest = new Date(durationMs - whole * 86_400_000).toISOString();
      const time = `${Number(rest.slice(11, 13))}${rest.slice(13, 19)}`;
      return whole === 0 ? time : `${whole} day${Math.abs(whole) === 1 ? '' : 's'}, ${time}`;
    },
    attribute: (name) => {
      if (name === 'days') return Math.floor(durationMs / 86_400_000);
      if (name === 'seconds') {
        return Math.floor((durationMs - Math.floor(durationMs / 86_400_000) * 86_400_000) / 1_000);
      }
      if (name === 'total_seconds') {
        return new HostFunction(name, () => new PyFloat(durationMs / 1_000));
      }
      return undefined;
    },
    equals: (other) => targetOf(other, 'timedelta') === durationMs,
    compare: (other) => {
      const its = targetOf(other, 'timedelta');
      return its === undefined ? undefined : durationMs - its;
    },
    operate: (operator, other) => {
      const its = targetOf(other, 'timedelta');
      if (operator === '*' && typeof other === 'number') return deltaValue(durationMs * other);
      if (its === undefined) return undefined;
      if (operator === '+') return deltaValue(durationMs + its);
      return operator === '-' ? deltaValue(durationMs - its) : undefined;
    },
  });
}

function targetOf(value: JinjaValue | undefined, ...names: string[]): number | undefined {
  if (!(value instanceof HostObject)) return undefined;
  const { typeName = '', target } = value.behavior;
  return names.includes(typeName) && typeof target === 'number' ? target : undefined;
}

/** A zone and how far east of UTC it is at the moment meant. */
export interface ZonedOffset {
  readonly zone: Zone;
  readonly minutes: number;
}

export interface DateShape {
  readonly isDate: boolean;
  /** Where the value knows its zone, as `run_started_at` does. */
  readonly zone?: ZonedOffset;
}

export const utcOffset: ZonedOffset = { zone: utcZone, minutes: 0 };

const minuteMs = 60_000;

function utcOf(wallMs: number, zone: ZonedOffset | undefined): number {
  return wallMs - (zone?.minutes ?? 0) * minuteMs;
}

/** A moment as the clock in that zone shows it. */
function timeIn(zone: Zone, utcMs: number): HostObject {
  const minutes = zone.offsetAt(utcMs);
  return dateValue(utcMs + minutes * minuteMs, { isDate: false, zone: { zone, minutes } });
}

/** `tzinfo`, with pytz's `localize` and `normalize`. */
export function zoneValue(zone: Zone): HostObject {
  const functions: Record<string, (args: readonly JinjaValue[]) => JinjaValue> = {
    localize: (args) => {
      const wallMs = targetOf(args[0], 'datetime');
      if (wallMs === undefined) throw valueError('localize takes a datetime');
      const minutes = offsetOfWall(zone, wallMs);
      return dateValue(wallMs, { isDate: false, zone: { zone, minutes } });
    },
    normalize: (args) => args[0] ?? null,
  };
  return new HostObject({
    typeName: 'tzinfo',
    target: zone,
    text: () => zone.name,
    attribute: (name) => {
      const run = functions[name];
      if (run) return new HostFunction(name, run);
      return name === 'zone' ? zone.name : undefined;
    },
    equals: (other) => zoneOf(other)?.name === zone.name,
  });
}

/** The zone of a `tzinfo` a template hands back. */
export function zoneOf(value: JinjaValue | undefined): Zone | undefined {
  if (!(value instanceof HostObject) || value.behavior.typeName !== 'tzinfo') return undefined;
  return value.behavior.target as Zone;
}

type Methods = Readonly<Record<string, HostCallback>>;

/** `datetime.datetime` or `datetime.date`: `timeMs` is what the clock on the wall shows. */
export function dateValue(timeMs: number, shape: DateShape = { isDate: false }): HostObject {
  const { isDate, zone } = shape;
  const typeName = isDate ? 'date' : 'datetime';
  const utcMs = utcOf(timeMs, zone);
  const methods = dateMethods(timeMs, shape);
  const fields = fieldsOf(timeMs);
  return new HostObject({
    typeName,
    target: utcMs,
    text: () => isoText(timeMs, isDate, ' ', zone ? offsetText(zone.minutes) : ''),
    attribute: (name) => {
      const method = methods[name];
      if (method) return new HostFunction(name, method);
      if (name === 'tzinfo') return zone ? zoneValue(zone.zone) : null;
      return isDate && timeFields.includes(name) ? undefined : fields[name];
    },
    equals: (other) => targetOf(other, typeName) === utcMs,
    compare: (other) => {
      const its = targetOf(other, typeName);
      return its === undefined ? undefined : utcMs - its;
    },
    operate: (operator, other) => {
      const delta = targetOf(other, 'timedelta');
      const its = targetOf(other, 'date', 'datetime');
      if (operator === '+' && delta !== undefined) return dateValue(timeMs + delta, shape);
      if (operator !== '-') return undefined;
      if (delta !== undefined) return dateValue(timeMs - delta, shape);
      return its === undefined ? undefined : deltaValue(utcMs - its);
    },
  });
}

const timeFields = ['hour', 'minute', 'second', 'microsecond'];

function fieldsOf(timeMs: number): Readonly<Record<string, number>> {
  const at = new Date(timeMs);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    microsecond: microsOf(timeMs),
  };
}

function dateMethods(timeMs: number, shape: DateShape): Methods {
  const { isDate, zone } = shape;
  const at = new Date(timeMs);
  const dayMs = 86_400_000;
  const offset = zone ? offsetText(zone.minutes) : '';
  return {
    strftime: (args) => formatTime(timeMs, String(args[0] ?? ''), zone),
    isoformat: (args) => isoText(timeMs, isDate, String(args[0] ?? 'T'), offset),
    date: () => dateValue(Math.floor(timeMs / dayMs) * dayMs, { isDate: true }),
    timestamp: () => new PyFloat(utcOf(timeMs, zone) / 1_000),
    weekday: () => (at.getUTCDay() + 6) % 7,
    isoweekday: () => at.getUTCDay() || 7,
    astimezone: (args, kwargs) =>
      timeIn(zoneOf(kwargs.get('tz') ?? args[0]) ?? utcZone, utcOf(timeMs, zone)),
    utcoffset: () => (zone ? deltaValue(zone.minutes * minuteMs) : null),
    tzname: () => zone?.zone.name ?? null,
    utctimetuple: () => null,
    replace: (_args, kwargs) => {
      const numbers = Object.fromEntries(
        [...kwargs].filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
      );
      const wallMs = timeOf({ ...fieldsOf(timeMs), ...numbers });
      if (!kwargs.has('tzinfo')) return dateValue(wallMs, shape);
      const to = zoneOf(kwargs.get('tzinfo'));
      const zoned = to && { zone: to, minutes: firstOffsetOf(to) };
      return dateValue(wallMs, { isDate, ...(zoned ? { zone: zoned } : {}) });
    },
  };
}

/** Milliseconds of Python's date fields; what is absent is the first or zero. */
export function timeOf(fields: Readonly<Record<string, number>>): number {
  const wholeMs = Date.UTC(
    fields['year'] ?? 1970,
    (fields['month'] ?? 1) - 1,
    fields['day'] ?? 1,
    fields['hour'] ?? 0,
    fields['minute'] ?? 0,
    fields['second'] ?? 0,
  );
  return wholeMs + (fields['microsecond'] ?? 0) / 1_000;
}
