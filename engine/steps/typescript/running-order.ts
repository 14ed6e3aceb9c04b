import type { ScriptDefinition } from '../../declare/typescript/script-definition.ts';

/** What the thread that runs a model is told; plain data. */
export interface RunningOrder {
  readonly url: string;
  readonly exportName: string;
  /** URL and digest of every file it is made of: no other may take part. */
  readonly files: readonly (readonly [string, string])[];
  readonly definition: ScriptDefinition;
  /** Where the rows are written, one JSON object a line. */
  readonly spoolPath: string;
  /** ISO 8601. */
  readonly boundary: string;
}

/** To the thread. Columns hold the values of one batch, in the order of the input's columns. */
export type ToThread =
  | { readonly kind: 'batch'; readonly stream: number; readonly columns: readonly unknown[][] }
  | { readonly kind: 'end'; readonly stream: number }
  | { readonly kind: 'abort' };

/** From the thread. */
export type FromThread =
  | { readonly kind: 'pull'; readonly stream: number }
  | { readonly kind: 'done'; readonly rows: number }
  | { readonly kind: 'failed'; readonly failure: ThreadFailure };

/**
 * `refused`: the message is ours and holds no row's values but those of its key. `thrown`: it is
 * the function's own, and may hold any.
 */
export type ThreadFailure =
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | {
      readonly kind: 'thrown';
      readonly name: string;
      readonly message: string;
      readonly stack: string;
    };

/** The columns that say which key a row belongs to, in streams and in the spool alike. */
export const groupColumn = 'tidemill_group';

/** An answer of the function that cannot be taken. */
export class RefusedAnswer extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
