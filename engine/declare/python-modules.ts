import { type DateShape, dateValue, deltaValue, timeOf, zoneOf, zoneValue } from './date-value.ts';
import { bagValue, functionBag } from './host-bag.ts';
import { itertoolsModule } from './itertools-module.ts';
import { typeError } from './jinja/jinja-error.ts';
import {
  type HostCallback,
  HostFunction,
  type HostObject,
  type JinjaValue,
  PyFloat,
} from './jinja/values.ts';
import { mappingValue } from './mapping-value.ts';
import { regexModule } from './regex-module.ts';
import { findZone, firstOffsetOf, fixedZone, utcZone } from './zone-offset.ts';

/**
 * dbt's `modules`: the parts of Python's library that templates use. Time is the run's boundary,
 * in UTC, however it is asked for.
 */
export function pythonModules(readTimeMs: () => number): HostObject {
  const modules = new Map<string, JinjaValue>([
    ['datetime', datetimeModule(readTimeMs)],
    ['re', regexModule()],
    ['itertools', itertoolsModule()],
    [
      'pytz',
      functionBag(
        'pytz',
        { timezone: (args) => zoneValue(findZone(String(args[0]))) },
        { utc, UTC: utc },
      ),
    ],
  ]);
  return mappingValue('modules', {
    names: () => [...modules.keys()],
    find: (name) => modules.get(name),
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
