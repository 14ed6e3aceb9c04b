import type { Log, LogFields } from '../engine/words/log.ts';
import type { Terminal } from './terminal.ts';

function formatEvent(event: string, { message, ...fields }: LogFields): string {
  const known = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const about = known.map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`).join(', ');
  return `${message ?? event}${about === '' ? '' : ` (${about})`}`;
}

/** What a person at a terminal is told of a log: warnings, and what templates say to people. */
export function createTerminalLog({ note }: Pick<Terminal, 'note'>): Log {
  const warn = (event: string, fields: LogFields = {}): void =>
    note(`warning: ${formatEvent(event, fields)}`);
  return {
    debug() {},
    info(event, fields = {}) {
      if (event === 'template-log') note(String(fields['message']));
    },
    warn,
    error: warn,
  };
}
