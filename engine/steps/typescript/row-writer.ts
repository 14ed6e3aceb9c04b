import { closeSync, openSync, writeSync } from 'node:fs';
import type { ScriptDefinition } from '../../declare/typescript/script-definition.ts';
import { didYouMean } from '../../words/suggest.ts';
import { groupColumn, RefusedAnswer } from './running-order.ts';
import { chooseComparison, chooseWriter, describeMisfit, describeValue } from './value-text.ts';

/** Takes the function's rows one by one, checks them, and writes them to a file. */
export interface RowWriter {
  /** Throws RefusedAnswer for what is no row of the model, or of another key than was asked for. */
  write(row: unknown, asked?: AskedKey): void;
  /** Ends the file; answers how many rows it holds. */
  close(): number;
}

/** The key that a function was asked for, and its group's number. */
export interface AskedKey {
  readonly group: number;
  readonly key: Readonly<Record<string, unknown>>;
}

/** Text gathered before it goes to the file. */
const bufferCharacters = 262_144;
/** One row's text: what a warehouse's reader takes in one piece. */
const rowCharactersMax = 4_000_000;
const keyCharactersMax = 100;

export function openRowWriter(path: string, definition: ScriptDefinition): RowWriter {
  const { key, by, limits, mode } = definition;
  const isKeyed = mode === 'keyed';
  const required = new Set([...key, ...by]);
  const columns = definition.columns
    .filter(({ name }) => !isKeyed || !by.includes(name))
    .map((column, index) => ({
      column,
      start: `${index === 0 && !isKeyed ? '{' : ','}${JSON.stringify(`c${index}`)}:`,
      isRequired: column.isRequired || required.has(column.name),
      write: chooseWriter(column),
    }));
  const keyColumns = definition.columns
    .filter(({ name }) => isKeyed && by.includes(name))
    .map((column) => ({ name: column.name, isSame: chooseComparison(column) }));
  const names = columns.map(({ column }) => column.name);
  const known = new Set(names);
  const shownKey = key.filter((name) => known.has(name));
  const file = openSync(path, 'w');
  let buffered = '';
  let rows = 0;

  const flush = (): void => {
    writeSync(file, buffered);
    buffered = '';
  };
  const refuse = (row: Readonly<Record<string, unknown>>, what: string): never => {
    const values = shownKey.map((name) => `${name}=${String(row[name])}`).join(', ');
    const which = values === '' ? `row ${rows + 1}` : values.slice(0, keyCharactersMax);
    throw new RefusedAnswer('script-row', `${what} (${which})`);
  };
  const write: RowWriter['write'] = (answer, asked) => {
    if (answer === null || typeof answer !== 'object') {
      const message = `answered ${describeValue(answer)} where a row is meant: an object of columns`;
      throw new RefusedAnswer('script-row', message);
    }
    const row = answer as Readonly<Record<string, unknown>>;
    for (const name in row) {
      if (known.has(name) || by.includes(name)) continue;
      refuse(
        row,
        `answered the unknown column "${name.slice(0, keyCharactersMax)}"${didYouMean(name, names)}`,
      );
    }
    // What it was asked for is put before its rows: another key's would be written under this one.
    for (const { name, isSame } of keyColumns) {
      const value = row[name];
      if (value === undefined || isSame(value, asked?.key[name])) continue;
      refuse(row, `answered a row of another key than it was asked for: its "${name}"`);
    }
    let line = isKeyed ? `{"${groupColumn}":"${asked?.group ?? ''}"` : '';
    for (const { column, start, isRequired, write: toText } of columns) {
      const value = row[column.name];
      if (value === null && !isRequired) {
        line += `${start}null`;
        continue;
      }
      if (value === undefined) refuse(row, `answered no value for the column "${column.name}"`);
      const text = value === null ? undefined : toText(value);
      if (text === undefined) {
        const misfit =
          value === null ? 'null, which it must not be' : describeMisfit(column, value);
        refuse(row, `answered for the column "${column.name}" ${misfit}`);
      }
      line += start + JSON.stringify(text);
    }
    if (line.length > rowCharactersMax) {
      refuse(row, `answered a row of more than ${rowCharactersMax} characters`);
    }
    rows += 1;
    if (rows > limits.rows) {
      const message = `answered more than ${limits.rows} rows (limits.rows)`;
      throw new RefusedAnswer('script-rows', message);
    }
    buffered += `${line}}\n`;
    if (buffered.length > bufferCharacters) flush();
  };
  return {
    write,
    close() {
      flush();
      closeSync(file);
      return rows;
    },
  };
}
