import { valueError } from './jinja/jinja-error.ts';

/** A zone of the IANA database, or a fixed distance from UTC. */
export interface Zone {
  /** As Python prints it: `UTC`, `Asia/Tokyo`, `+02:00`. */
  readonly name: string;
  /** Minutes east of UTC at a moment, milliseconds since the epoch. */
  offsetAt(utcMs: number): number;
}

const minuteMs = 60_000;

export const utcZone: Zone = { name: 'UTC', offsetAt: () => 0 };

/** @throws ValueError (of templates) where there is no such zone. */
export function findZone(name: string): Zone {
  if (/^(utc|etc\/utc|gmt)$/i.test(name)) return utcZone;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw valueError(`there is no time zone "${name}"`, 'write one such as Europe/Berlin');
  }
  return {
    name,
    offsetAt: (utcMs) => {
      const parts = format.formatToParts(utcMs);
      const part = (type: string): number =>
        Number(parts.find((one) => one.type === type)?.value ?? 0);
      const wallMs = Date.UTC(
        part('year'),
        part('month') - 1,
        part('day'),
        part('hour'),
        part('minute'),
        part('second'),
      );
      return Math.round((wallMs - utcMs) / minuteMs);
    },
  };
}

/** `+02:00`, `-0530`, `Z`: the zone that says so. */
export function fixedZone(text: string): Zone {
  if (text === 'Z') return utcZone;
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  return offset === 0 ? utcZone : { name: offsetText(offset), offsetAt: () => offset };
}

/** `+02:00`. */
export function offsetText(minutes: number): string {
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const pad = (value: number): string => String(value).padStart(2, '0');
  return `${minutes < 0 ? '-' : '+'}${pad(hour)}:${pad(minute)}`;
}

/** Minutes east of UTC where the clock on the wall shows this; of two answers the standard one. */
export function offsetOfWall(zone: Zone, wallMs: number): number {
  const guess = zone.offsetAt(wallMs);
  const next = zone.offsetAt(wallMs - guess * minuteMs);
  // Around a change of the clocks the first guess was taken on the other side of it.
  return zone.offsetAt(wallMs - next * minuteMs) === next ? next : Math.min(guess, next);
}

const longAgoMs = Date.UTC(1800, 0, 1);

/**
 * What a zone of pytz means where a time is made with it (`tzinfo=…`) instead of `localize`: the
 * place's own noon, as it was before there were zones.
 */
export function firstOffsetOf(zone: Zone): number {
  return zone.offsetAt(longAgoMs);
}
