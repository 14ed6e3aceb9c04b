import {
  type HttpReply,
  isHtml,
  isNotApplied as isNotAppliedOnWire,
  judgeStatus,
  readRetryAfterMs,
} from '../../engine/wire/http.ts';
import { BudgetExhausted, TerminalError, TransientError } from '../../engine/words/errors.ts';

/** What HubSpot says went wrong, in its words. `message` may hold values: never log it. */
export interface HubSpotFault {
  readonly status: number;
  readonly category: string;
  readonly subCategory: string;
  readonly message: string;
  readonly policyName: string;
  readonly errors: readonly HubSpotFaultDetail[];
  readonly context: Readonly<Record<string, unknown>>;
}

export interface HubSpotFaultDetail {
  readonly message?: string;
  readonly code?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** HubSpot names no time to wait. Ten-second windows roll: some calls are free again soon. */
export const tenSecondlyPauseMs = 3000;
const secondlyPauseMs = 1000;
/** HubSpot asks to leave a locked resource alone for at least two seconds. */
const lockedPauseMs = 2000;
/** Asked to wait longer than this, we stop instead: the next run goes on. */
export const waitMsMax = 120_000;

export interface FaultContext {
  readonly connection: string;
  readonly where: string;
  readonly nowMs: number;
  /** True where a new access token can be had. */
  readonly isRenewable: boolean;
}

/** The fault a reply names; undefined where it names none. Every key of it is optional. */
function readFault(reply: HttpReply): HubSpotFault | undefined {
  if (reply.status < 400 || isHtml(reply)) return undefined;
  let body: unknown;
  try {
    body = JSON.parse(reply.body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null) return undefined;
  return toFault(reply.status, body as Readonly<Record<string, unknown>>);
}

/** An error body, of a whole call or of one row in a 207. */
export function toFault(status: number, body: Readonly<Record<string, unknown>>): HubSpotFault {
  const text = (key: string): string => (typeof body[key] === 'string' ? body[key] : '');
  const { errors, context } = body;
  return {
    status,
    // OAuth bodies put their code where the others say "error".
    category: text('category') || (text('status') === 'error' ? '' : text('status')),
    subCategory: text('subCategory'),
    message: text('message'),
    policyName: text('policyName'),
    errors: Array.isArray(errors) ? (errors as readonly HubSpotFaultDetail[]) : [],
    context: typeof context === 'object' && context !== null ? { ...context } : {},
  };
}

const signInHint =
  'Check the token, or client_id, client_secret and refresh_token of the connection.';
const schemaHint = 'Look at the object and property names, and at what the app may see.';

/** Beside the errors, not in them: what HubSpot says may quote values. */
const faultsByError = new WeakMap<Error, HubSpotFault>();

/** What HubSpot said, where an error stems from its words. */
export function findFault(error: unknown): HubSpotFault | undefined {
  return error instanceof Error ? faultsByError.get(error) : undefined;
}

/** The error a reply means, in the engine's families; undefined for success, 207 included. */
export function translateReply(reply: HttpReply, context: FaultContext): Error | undefined {
  if (reply.status < 400 || isHtml(reply)) {
    return judgeStatus(reply, context.where, context.nowMs);
  }
  const fault = readFault(reply) ?? toFault(reply.status, {});
  const error = translateFault(reply, fault, context);
  faultsByError.set(error, fault);
  return error;
}

function translateFault(reply: HttpReply, fault: HubSpotFault, context: FaultContext): Error {
  const { status, category } = fault;
  const said = `${context.where}: HubSpot answered ${category || `HTTP ${status}`}`;
  const { connection } = context;
  switch (status) {
    case 401:
      return context.isRenewable
        ? new TransientError(`${said}, also with a new access token`, {
            code: 'session-expired',
            hint: signInHint,
            connection,
          })
        : new TerminalError(said, { code: 'credentials-refused', hint: signInHint, connection });
    case 403:
      return new TerminalError(`${said}${nameScopes(fault)}`, {
        code: 'permission-missing',
        hint: 'Give the app the scope in HubSpot (Settings, Integrations) and run again.',
        connection,
      });
    case 423:
      return new TransientError(said, {
        code: 'row-locked',
        retryAfterMs: lockedPauseMs,
        connection,
      });
    case 429:
      return translateLimit(reply, fault, connection, said);
    case 477: {
      const retryAfterMs = readRetryAfterMs(reply.headers, context.nowMs) ?? 60 * 60_000;
      return new TransientError(`${context.where}: HubSpot is moving the account (HTTP 477)`, {
        code: 'account-moving',
        hint: `Run again in about ${Math.ceil(retryAfterMs / 60_000)} minutes.`,
        retryAfterMs,
        connection,
      });
    }
    default:
      return judgeOther(reply, fault, context, said);
  }
}

function judgeOther(
  reply: HttpReply,
  fault: HubSpotFault,
  context: FaultContext,
  said: string,
): Error {
  const { connection } = context;
  if (/^BAD_(CLIENT_ID|REFRESH_TOKEN|GRANT_TYPE|AUTH_CODE)$/.test(fault.category)) {
    return new TerminalError(said, { code: 'credentials-refused', hint: signInHint, connection });
  }
  const isUnknownObject = /Unable to infer object type/i.test(fault.message);
  if (fault.status === 404 || isUnknownObject) {
    return new TerminalError(said, { code: 'object-not-found', hint: schemaHint, connection });
  }
  if (fault.status < 500 && fault.status !== 408) {
    const property = /Property "?(\w{1,100})"? does(?:n't| not) exist/.exec(fault.message)?.[1];
    const subject = property === undefined ? '' : ` for property ${property}`;
    const code = property === undefined ? 'request-refused' : 'field-not-found';
    return new TerminalError(said + subject, { code, hint: schemaHint, connection });
  }
  return (
    judgeStatus(reply, context.where, context.nowMs) ??
    new TransientError(said, { code: 'server-error', connection })
  );
}

/** Scopes are names of HubSpot's own, not values. */
function nameScopes(fault: HubSpotFault): string {
  const scopes = fault.errors.flatMap(({ context }) => {
    const named = context?.['requiredGranularScopes'] ?? context?.['requiredScopes'];
    return Array.isArray(named) ? named.map(String) : [];
  });
  return scopes.length === 0 ? '' : `: ${scopes.slice(0, 5).join(', ')}`;
}

/**
 * Two shapes of one status: with a policyName (documented), or a message alone (recorded from
 * search). The day's limit is over for hours: work stops cleanly, as with a budget of our own.
 */
function translateLimit(
  reply: HttpReply,
  fault: HubSpotFault,
  connection: string,
  said: string,
): Error {
  const words = `${fault.policyName} ${fault.message}`;
  if (fault.policyName === 'DAILY' || /\bdaily limit\b/i.test(words)) {
    const limit = readDailyLimit(reply.headers) ?? 0;
    return new BudgetExhausted(connection, limit, limit);
  }
  const isSecondly = /(?<!ten_)secondly/i.test(words);
  const retryAfterMs = isSecondly ? secondlyPauseMs : tenSecondlyPauseMs;
  return new TransientError(said, { code: 'rate-limited', retryAfterMs, connection });
}

/** The account's calls a day; OAuth apps are not told. */
export function readDailyLimit(headers: Headers): number | undefined {
  return readCount(headers, 'x-hubspot-ratelimit-daily');
}

/** The app's calls in ten seconds; searches do not tell. */
export function readTenSecondlyLimit(headers: Headers): number | undefined {
  const interval = readCount(headers, 'x-hubspot-ratelimit-interval-milliseconds');
  return interval === 10_000 ? readCount(headers, 'x-hubspot-ratelimit-max') : undefined;
}

function readCount(headers: Headers, name: string): number | undefined {
  const text = headers.get(name) ?? '';
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : undefined;
}

/** True where the failed request was certainly not executed, so that sending it again is safe. */
export function isNotApplied(error: unknown): boolean {
  if (error instanceof TransientError && error.code === 'account-moving') return true;
  return isNotAppliedOnWire(error);
}
