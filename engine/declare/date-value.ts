import { valueError } from './jinja/jinja-error.ts';
import { HostFunction, HostObject, type JinjaValue, PyFloat } from './jinja/values.ts';

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

/** Python's `strftime` in UTC, as far as templates go. */
export function formatTime(timeMs: number, format: string): string {
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
    f: `${pad(at.getUTCMilliseconds(), 3)}000`,
    p: at.getUTCHours() < 12 ? 'AM' : 'PM',
    j: pad(Math.floor((timeMs - yearStart) / 86_400_000) + 1, 3),
    A: day,
    a: day.slice(0, 3),
    B: month,
    b: month.slice(0, 3),
    w: String(at.getUTCDay()),
    s: String(Math.floor(timeMs / 1_000)),
    z: '+0000',
    Z: 'UTC',
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

/** `datetime.isoformat()`: a `T` or a space between, fractions only where there are any. */
function isoText(timeMs: number, isDate: boolean, between: string, zone: string): string {
  const text = new Date(timeMs).toISOString();
  if (isDate) return text.slice(0, 10);
  const fraction = timeMs % 1_000 === 0 ? '' : `.${text.slice(20, 23)}000`;
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

export interface DateShape {
  readonly isDate: boolean;
  /** `+00:00` where the value knows its zone, as `run_started_at` does. */
  readonly zone: '' | '+00:00';
}

/** `datetime.datetime` or `datetime.date`, always UTC. */
export function dateValue(
  timeMs: number,
  shape: DateShape = { isDate: false, zone: '' },
): HostObject {
  const { isDate, zone } = shape;
  const typeName = isDate ? 'date' : 'datetime';
  const at = new Date(timeMs);
  const startOfDay = Math.floor(timeMs / 86_400_000) * 86_400_000;
  const methods: Record<string, (args: readonly JinjaValue[]) => JinjaValue> = {
    strftime: (args) => formatTime(timeMs, String(args[0] ?? '')),
    isoformat: (args) => isoText(timeMs, isDate, String(args[0] ?? 'T'), zone),
    date: () => dateValue(startOfDay, { isDate: true, zone: '' }),
    timestamp: () => new PyFloat(timeMs / 1_000),
    weekday: () => (at.getUTCDay() + 6) % 7,
    isoweekday: () => at.getUTCDay() || 7,
    astimezone: () => dateValue(timeMs, shape),
    utctimetuple: () => null,
  };
  const fields: Record<string, number> = {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    microsecond: at.getUTCMilliseconds() * 1_000,
  };
  return new HostObject({
    typeName,
    target: timeMs,
    text: () => isoText(timeMs, isDate, ' ', zone),
    attribute: (name) => {
      const method = methods[name];
      if (method) return new HostFunction(name, method);
      if (name === 'replace') {
        return new HostFunction(name, (_args, kwargs) => {
          const numbers = Object.fromEntries(
            [...kwargs].filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
          );
          return dateValue(timeOf({ ...fields, ...numbers }), shape);
        });
      }
      return fields[name];
    },
    equals: (other) => targetOf(other, typeName) === timeMs,
    compare: (other) => {
      const its = targetOf(other, typeName);
      return its === undefined ? undefined : timeMs - its;
    },
    operate: (operator, other) => {
      const delta = targetOf(other, 'timedelta');
      const its = targetOf(other, 'date', 'datetime');
      if (operator === '+' && delta !== undefined) return dateValue(timeMs + delta, shape);
      if (operator !== '-') return undefined;
      if (delta !== undefined) return dateValue(timeMs - delta, shape);
      return its === undefined ? undefined : deltaValue(timeMs - its);
    },
  });
}

/** Milliseconds of Python's date fields; what is absent is the first or zero. */
export function timeOf(fields: Readonly<Record<string, number>>): number {
  return Date.UTC(
    fields['year'] ?? 1970,
    (fields['month'] ?? 1) - 1,
    fields['day'] ?? 1,
    fields['hour'] ?? 0,
    fields['minute'] ?? 0,
    fields['second'] ?? 0,
    (fields['microsecond'] ?? 0) / 1_000,
  );
}
