/**
 * Two families reach people: a terminal error needs a person to act, a transient one may pass by
 * itself. Only `wire/retry.ts` tries again; only the runner stops a step. A fault of the program is
 * neither: it is an assertion and crashes.
 */
export interface ErrorDetails {
  /** Stable, documented, kebab-case: programs branch on it, people search for it. */
  readonly code: string;
  /** What to do next, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** Ids of what was being worked on; never values that came from a CRM. */
  readonly connection?: string;
  readonly stream?: string;
  readonly model?: string;
  readonly sync?: string;
  readonly runId?: string;
}

export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint;
    this.details = details;
  }
}

export interface TransientErrorDetails extends ErrorDetails {
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

export class TransientError extends Error {
  override readonly name = 'TransientError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: TransientErrorDetails;

  constructor(message: string, details: TransientErrorDetails) {
    super(message, { cause: details.cause });
    this.code = details.code;
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
    this.details = details;
  }
}

/**
 * The stated call budget of an account is used up. Not a failure: the stream stops cleanly at its
 * last checkpoint and the next run resumes there.
 */
export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';
  readonly code = 'budget-exhausted';
  readonly account: string;
  readonly used: number;
  readonly budget: number;

  constructor(account: string, used: number, budget: number) {
    super(`the daily call budget of ${account} is used up: ${used} of ${budget} calls`);
    this.account = account;
    this.used = used;
    this.budget = budget;
  }
}

/** A fault of the program itself: callers never catch it. */
export function assertThat(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The message of anything thrown, for composing messages. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
