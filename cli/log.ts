import pino from 'pino';
import type { Log, LogFields } from '../engine/words/log.ts';
import { maskSecrets } from './terminal.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Lines for people instead of JSON for programs. */
  readonly isPlain: boolean;
  /** Values never to print; may grow while the log is in use. */
  readonly secrets: readonly string[];
  write(line: string): void;
}

/** A secret inside JSON may be escaped: both spellings are masked. */
function maskLine(line: string, secrets: readonly string[]): string {
  const escaped = secrets.map((secret) => JSON.stringify(secret).slice(1, -1));
  return maskSecrets(line, [...secrets, ...escaped]);
}

function formatPlain(level: LogLevel, event: string, fields: LogFields): string {
  const time = new Date().toISOString().slice(0, 19).replace('T', ' ');
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => {
      const text = String(value);
      return `${name}=${/[\s"=]/.test(text) ? JSON.stringify(text) : text}`;
    });
  return [time, level.padEnd(5), event, ...parts].join(' ');
}

/** One line an event: pino's JSON, or plain text. */
export function createLog(options: LogOptions): Log {
  const least = logLevels.indexOf(options.level);
  const json = pino(
    {
      level: options.level,
      messageKey: 'event',
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => options.write(maskLine(line, options.secrets)) },
  );
  const emit =
    (level: LogLevel) =>
    (event: string, fields: LogFields = {}): void => {
      if (!options.isPlain) json[level](fields, event);
      else if (logLevels.indexOf(level) >= least) {
        options.write(maskLine(`${formatPlain(level, event, fields)}\n`, options.secrets));
      }
    };
  return { debug: emit('debug'), info: emit('info'), warn: emit('warn'), error: emit('error') };
}
