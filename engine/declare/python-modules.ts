import { type DateShape, dateValue, deltaValue, timeOf, zoneOf, zoneValue } from './date-value.ts';
import { typeError } from './jinja/jinja-error.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  PyFloat,
  PyTuple,
} from './jinja/values.ts';
import { findZone, firstOffsetOf, fixedZone, utcZone } from './zone-offset.ts';

/** A read-only bag of attributes, such as `modules` or `exceptions`. */
export function bagValue(typeName: string, attributes: Record<string, JinjaValue>): HostObject {
  return new HostObject({
    typeName,
    text: () => `<${typeName}>`,
    attribute: (name) => (Object.hasOwn(attributes, name) ? attributes[name] : undefined),
    item: (key) => (Object.hasOwn(attributes, String(key)) ? attributes[String(key)] : undefined),
  });
}

export function functionBag(
  typeName: string,
  functions: Record<string, HostCallback>,
  others: Record<string, JinjaValue> = {},
): HostObject {
  const made = Object.entries(functions).map(([name, run]) => [name, new HostFunction(name, run)]);
  return bagValue(typeName, { ...Object.fromEntries(made), ...others });
}

/**
 * dbt's `modules`: the parts of Python's library that templates use. Time is the run's boundary,
 * in UTC, however it is asked for.
 */
export function pythonModules(readTimeMs: () => number): HostObject {
  return bagValue('modules', {
    datetime: datetimeModule(readTimeMs),
    re: regexModule(),
    itertools: itertoolsModule(),
    pytz: functionBag(
      'pytz',
      { timezone: (args) => zoneValue(findZone(String(args[0]))) },
      { utc, UTC: utc },
    ),
  });
}

const utc = zoneValue(utcZone);

const dateFields = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond'];

function datetimeModule(readTimeMs: () => number): HostObject {
  const maker =
    (shape: DateShape): HostCallback =>
    (args, kwargs) => {
      const fields: Record<string, number> = {};
      for (const [index, name] of dateFields.entries()) {
        const value = kwargs.get(name) ?? args[index];
        if (typeof value === 'number') fields[name] = value;
      }
      const wallMs = timeOf(fields);
      const zone = zoneOf(kwargs.get('tzinfo') ?? args[dateFields.length]);
      if (shape.isDate || zone === undefined) return dateValue(wallMs, shape);
      return dateValue(wallMs, { ...shape, zone: { zone, minutes: firstOffsetOf(zone) } });
    };
  const callable = (
    typeName: string,
    shape: DateShape,
    functions: Record<string, HostCallback>,
  ): HostFunction =>
    new HostFunction(
      typeName,
      maker(shape),
      new Map(Object.entries(functions).map(([name, run]) => [name, new HostFunction(name, run)])),
    );
  const moment = { isDate: false } as const;
  const day = { isDate: true } as const;
  const now = (): HostObject => dateValue(readTimeMs(), moment);
  const nowIn: HostCallback = (args, kwargs) => {
    const zone = zoneOf(kwargs.get('tz') ?? args[0]);
    if (zone === undefined) return now();
    const minutes = zone.offsetAt(readTimeMs());
    return dateValue(readTimeMs() + minutes * 60_000, { isDate: false, zone: { zone, minutes } });
  };
  const datetime = callable('datetime', moment, {
    now: nowIn,
    utcnow: now,
    today: now,
    strptime: parseTime,
    fromisoformat: (args) => parseIso(args, false),
    fromtimestamp: (args) => dateValue(numberOf(args[0]) * 1_000, moment),
  });
  const date = callable('date', day, {
    today: () => dateValue(Math.floor(readTimeMs() / 86_400_000) * 86_400_000, day),
    fromisoformat: (args) => parseIso(args, true),
  });
  return bagValue('datetime', {
    datetime,
    date,
    timedelta: new HostFunction('timedelta', timedelta),
    timezone: bagValue('timezone', { utc }),
  });
}

/** `fromisoformat`: the wall's clock and, where the text says it, the zone. */
function parseIso(args: readonly JinjaValue[], isDate: boolean): HostObject {
  const text = String(args[0]);
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-][\d:]+)?)?$/;
  const [, day = '', time = '00:00', offset] = match.exec(text.trim()) ?? [];
  const wallMs = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(wallMs)) throw typeError(`"${text}" is not an ISO date`);
  if (offset === undefined) return dateValue(wallMs, { isDate });
  const zone = fixedZone(offset);
  return dateValue(wallMs, { isDate, zone: { zone, minutes: zone.offsetAt(wallMs) } });
}

const deltaUnitsMs: Record<string, number> = {
  days: 86_400_000,
  seconds: 1_000,
  microseconds: 0.001,
  milliseconds: 1,
  minutes: 60_000,
  hours: 3_600_000,
  weeks: 604_800_000,
};

const timedelta: HostCallback = (args, kwargs) => {
  let total = 0;
  for (const [index, [unit, unitMs]] of Object.entries(deltaUnitsMs).entries()) {
    total += numberOf(kwargs.get(unit) ?? args[index] ?? 0) * unitMs;
  }
  return deltaValue(total);
};

function numberOf(value: JinjaValue | undefined): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value instanceof PyFloat) return value.value;
  throw typeError('a number was expected');
}

/** `datetime.strptime` for the numeric directives. */
const parseTime: HostCallback = (args) => {
  const [text, format] = [String(args[0]), String(args[1])];
  const names: string[] = [];
  const fields: Record<string, string> = {
    Y: 'year',
    m: 'month',
    d: 'day',
    H: 'hour',
    M: 'minute',
    S: 'second',
    f: 'microsecond',
  };
  const source = format.replace(/%(.)|[.*+?^${}()|[\]\\]/g, (found, letter?: string) => {
    if (letter === undefined) return `\\${found}`;
    if (letter === 'F') return fieldGroups(names, ['year', 'month', 'day'], '-');
    if (letter === 'T') return fieldGroups(names, ['hour', 'minute', 'second'], ':');
    const name = fields[letter];
    if (name === undefined) throw typeError(`strptime does not know "${found}"`);
    names.push(name);
    return `(\\d{1,${letter === 'Y' ? 4 : letter === 'f' ? 6 : 2}})`;
  });
  const match = new RegExp(`^${source}$`).exec(text);
  if (!match) throw typeError(`time data "${text}" does not match format "${format}"`);
  const read = names.map((name, index) => {
    const digits = match[index + 1] ?? '0';
    return [name, Number(name === 'microsecond' ? digits.padEnd(6, '0') : digits)] as const;
  });
  return dateValue(timeOf(Object.fromEntries(read)));
};

function fieldGroups(names: string[], added: readonly string[], between: string): string {
  names.push(...added);
  return added.map(() => '(\\d+)').join(between);
}

/** A verbose pattern without its comments and the space that only lays it out. */
function withoutLayout(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\s+|#[^\n]*/g, (found) =>
    /^(\s|#)/.test(found) ? '' : found,
  );
}

/**
 * Python lets any sign be escaped and a brace stand for itself; JavaScript, in this mode, only what
 * means something, and a brace where it counts.
 */
function forUnicode(pattern: string): string {
  return pattern.replace(/\\([\s\S])|\{\d*,?\d*\}|[{}]/g, (found, sign?: string) => {
    if (sign === '-') return '\\x2d';
    if (sign !== undefined) return /[A-Za-z0-9^$\\.*+?()[\]{}|/]/.test(sign) ? found : sign;
    return /^\{(\d+(,\d*)?)\}$/.test(found) ? found : found.replace(/[{}]/g, '\\$&');
  });
}

/** Python's `re`, with JavaScript's engine: named groups and flags are translated. */
function regexModule(): HostObject {
  const compile = (pattern: JinjaValue | undefined, flags: JinjaValue | undefined): RegExp => {
    const given = typeof flags === 'number' ? flags : 0;
    const [inline = '', named = ''] = /^\s*\(\?([imsx]+)\)/.exec(String(pattern)) ?? [];
    const has = (letter: string, flag: number): boolean =>
      named.includes(letter) || (given & flag) !== 0;
    const rest = String(pattern).slice(inline.length).replaceAll('(?P<', '(?<');
    const source = has('x', 64) ? withoutLayout(rest) : rest;
    const letters = [has('i', 2) ? 'i' : '', has('m', 8) ? 'm' : '', has('s', 16) ? 's' : ''];
    return new RegExp(forUnicode(source), `gu${letters.join('')}`);
  };
  const functions = (bound?: RegExp): Record<string, HostCallback> => {
    const split = (args: readonly JinjaValue[], kwargs: ReadonlyMap<string, JinjaValue>) => {
      const [pattern, ...rest] = bound ? [null, ...args] : args;
      const regexp = bound ?? compile(pattern, kwargs.get('flags') ?? rest[1]);
      regexp.lastIndex = 0;
      return { regexp, rest };
    };
    return {
      search: (args, kwargs) => {
        const { regexp, rest } = split(args, kwargs);
        return matchValue(regexp.exec(String(rest[0])));
      },
      match: (args, kwargs) => {
        const { regexp, rest } = split(args, kwargs);
        const found = regexp.exec(String(rest[0]));
        return matchValue(found?.index === 0 ? found : null);
      },
      fullmatch: (args, kwargs) => {
        const { regexp, rest } = split(args, kwargs);
        const text = String(rest[0]);
        const whole = new RegExp(`^(?:${regexp.source})$`, regexp.flags.replace('g', ''));
        return matchValue(whole.exec(text));
      },
      findall: (args, kwargs) => {
        const { regexp, rest } = split(args, kwargs);
        return [...String(rest[0]).matchAll(regexp)].map((found) => {
          const groups = found.slice(1).map((group) => group ?? '');
          if (groups.length > 1) return new PyTuple(groups);
          return groups[0] ?? found[0];
        });
      },
      sub: (args, kwargs) => {
        const [pattern, replacement, text] = bound ? [null, ...args] : args;
        const regexp = bound ?? compile(pattern, kwargs.get('flags'));
        const target = String(replacement)
          .replaceAll('$', '$$$$')
          .replace(/\\g<(\w+)>|\\(\d)/g, (_found, name?: string, digit?: string) =>
            name !== undefined && !/^\d+$/.test(name) ? `$<${name}>` : `$${name ?? digit ?? ''}`,
          );
        return String(text).replace(regexp, target);
      },
      split: (args, kwargs) => {
        const { regexp, rest } = split(args, kwargs);
        return String(rest[0])
          .split(regexp)
          .map((part) => part ?? null);
      },
    };
  };
  return functionBag(
    're',
    {
      ...functions(),
      compile: (args, kwargs) =>
        functionBag('Pattern', functions(compile(args[0], kwargs.get('flags') ?? args[1]))),
      escape: (args) => String(args[0]).replace(/[.*+?^${}()|[\]\\-]/g, '\\$&'),
    },
    { IGNORECASE: 2, I: 2 },
  );
}

function matchValue(found: RegExpExecArray | null): JinjaValue {
  if (found === null) return null;
  const group: HostCallback = (args) => {
    const key = args[0] ?? 0;
    return (typeof key === 'number' ? found[key] : found.groups?.[String(key)]) ?? null;
  };
  return functionBag('Match', {
    group,
    groups: () => new PyTuple(found.slice(1).map((part) => part ?? null)),
    start: () => found.index,
    end: () => found.index + found[0].length,
    span: () => new PyTuple([found.index, found.index + found[0].length]),
  });
}

/** Most items any product may have: a template's mistake must not eat the memory. */
const productsMax = 100_000;

function itertoolsModule(): HostObject {
  return functionBag('itertools', {
    chain: (args) => args.flatMap((list) => (Array.isArray(list) ? list : [])),
    product: (args) => {
      let rows: JinjaValue[][] = [[]];
      for (const list of args) {
        const items = Array.isArray(list) ? list : [];
        rows = rows.flatMap((row) => items.map((item) => [...row, item]));
        if (rows.length > productsMax) throw typeError('itertools.product is too large');
      }
      return rows.map((row) => new PyTuple(row));
    },
  });
}
