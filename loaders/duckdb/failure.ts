import { messageOf, TerminalError, TransientError } from '../../engine/words/errors.ts';
import { type CompiledStatement, describeStatement } from './statement.ts';

interface Failure {
  readonly pattern: RegExp;
  readonly code: string;
  readonly hint: string;
  readonly transient?: true;
}

/** First match wins. Codes are documented in docs/operations.md. */
const failures: readonly Failure[] = [
  {
    pattern: /^(FATAL|INTERNAL) Error|database has been invalidated/,
    code: 'warehouse-failed',
    hint: 'Run again: the warehouse stands as of the last commit. If it recurs, report the statement.',
  },
  {
    pattern: /conflict/i,
    code: 'write-conflict',
    hint: 'Another writer changed the same rows; the write is tried again.',
    transient: true,
  },
  {
    pattern: /No space left|disk full|max_temp_directory_size/i,
    code: 'disk-full',
    hint: 'Free space on the disk of the warehouse file, where large steps wait too, then run again.',
  },
  {
    pattern: /^Out of Memory/,
    code: 'out-of-memory',
    hint: 'Raise `memory_limit` of the warehouse, or lower `threads`.',
  },
  {
    pattern: /^INTERRUPT/,
    code: 'interrupted',
    hint: 'The statement was stopped; run again.',
  },
  {
    pattern: /Referenced column|column .* not found|does not have a column/i,
    code: 'column-not-found',
    hint: 'Correct the column name, or select it upstream.',
  },
  {
    pattern: /(Table|View|Schema|Catalog) with name|schema .* does not exist/i,
    code: 'relation-not-found',
    hint: 'Build or extract the relation first, or correct its name.',
  },
  {
    pattern: /(Function|Macro) with name .* does not exist/i,
    code: 'function-not-found',
    hint: 'Correct its name, or make it before: in a pre_hook or in on-run-start.',
  },
  {
    pattern: /Ambiguous reference to catalog or schema/,
    code: 'ambiguous-schema',
    hint: 'The warehouse file and a schema in it have one name: rename the file.',
  },
  {
    pattern: /in read-only mode/,
    code: 'warehouse-read-only',
    hint: 'The warehouse is only read here: what is to change belongs in a model.',
  },
  {
    pattern: /^Constraint Error/,
    code: 'constraint-violated',
    hint: 'Look for duplicate or null keys in the rows being written.',
  },
  {
    pattern: /Malformed JSON|^Invalid Input Error.*JSON/is,
    code: 'invalid-record',
    hint: 'The source sent text that is not valid JSON; read the stream again.',
  },
  {
    pattern: /CSV Parser state machine/,
    code: 'file-not-readable',
    hint: 'Its lines end in two ways (CRLF and LF), or a quote is not closed: write it with one.',
  },
  {
    pattern: /^(Conversion|Out of Range|Invalid Input|Mismatch Type) Error/,
    code: 'value-does-not-fit',
    hint: 'Cast with try_cast, or widen the type of the column.',
  },
];

/** Kinds of errors whose text quotes the statement only, so that what is in quotes may be shown. */
const showsStatementOnly =
  /^(?:Failed to extract statements: )?(Binder|Catalog|Parser|Syntax|Permission|Not implemented) Error/;

/** A table of the warehouse's own that it takes for the one that was meant. */
const ownNames = /^Did you mean "(?:pragma|duckdb|sqlite|pg|information_schema)_.*\n/m;

/** The reader's error without the line it quotes: that line is a record. */
function stripReaderError(message: string): string | undefined {
  if (/CSV Parser state machine/.test(message)) return 'the lines of the CSV file are not readable';
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return undefined;
  const column = /converting column "([^"]+)"/.exec(message)?.[1];
  const type = /Could not convert string .* to '?"?([A-Z0-9_(), ]+)/.exec(message)?.[1];
  const reason = /Possible fixes|Error when|Expected Number of Columns: \d+ Found: \d+/.exec(
    message,
  );
  if (column === undefined) return `CSV line ${line}: ${reason?.[0] ?? 'not readable'}`;
  return `CSV line ${line}: column "${column}" has a value that is not ${type?.trim() ?? 'its type'}`;
}

/** What may be shown of a driver's message: facts on rows and columns, no values from a record. */
function stripValues(message: string): string {
  const reader = stripReaderError(message);
  if (reader !== undefined) return reader;
  if (showsStatementOnly.test(message))
    return message
      .replace(ownNames, '')
      .trim()
      .replace(/\n{2,}/g, '\n');
  const [facts = ''] = message.split(/\n\s*LINE \d+:/);
  return (
    facts
      .trim()
      .replace(/\bInput: .*/s, '')
      // From the first quote to the last: a value may hold quotes itself.
      .replace(/(['"]).*\1/gs, '$1…$1')
      .replace(/\b(value|string|key) (?!['"])(?!is\b|out\b|of\b|can)\S+/gi, '$1 …')
  );
}

/** Translates whatever the driver threw into the engine's two families. */
export function translateError(error: unknown, statement?: CompiledStatement): Error {
  if (error instanceof TerminalError || error instanceof TransientError) return error;
  const raw = messageOf(error);
  const failure = failures.find(({ pattern }) => pattern.test(raw));
  const message = `the warehouse refused a statement: ${stripValues(raw)}`;
  // The driver's own error stays out of `cause`: its message quotes values.
  const cause = statement && new Error(describeStatement(statement));
  const details = {
    code: failure?.code ?? 'statement-refused',
    hint: failure?.hint ?? 'Correct the statement.',
    cause,
  };
  return failure?.transient
    ? new TransientError(message, details)
    : new TerminalError(message, details);
}

/** After these the instance answers nothing more: it must be closed and opened anew. */
export function isFatal(error: unknown): boolean {
  return error instanceof TerminalError && error.code === 'warehouse-failed';
}
