import { type HttpReply, isHtml, judgeStatus } from '../../engine/wire/http.ts';
import { BudgetExhausted, TerminalError, TransientError } from '../../engine/words/errors.ts';

/** What Salesforce says went wrong, in its words. `message` may hold values: never log it. */
export interface SalesforceFault {
  readonly status: number;
  readonly errorCode: string;
  readonly message: string;
  readonly fields: readonly string[];
}

/**
 * How long everybody waits after a limit that passes in seconds; Salesforce says no time itself.
 */
export const limitPauseMs = 2000;

export interface FaultContext {
  readonly connection: string;
  readonly where: string;
  readonly nowMs: number;
}

/** The faults a reply names; none where it names none. */
function readFaults(reply: HttpReply): readonly SalesforceFault[] {
  if (reply.status < 300 || isHtml(reply)) return [];
  let body: unknown;
  try {
    body = JSON.parse(reply.body.toString('utf8'));
  } catch {
    return [];
  }
  const list = Array.isArray(body) ? body : [body];
  return list.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const fault = entry as Record<string, unknown>;
    const errorCode = fault['errorCode'] ?? fault['error'];
    if (typeof errorCode !== 'string') return [];
    const message = String(fault['message'] ?? fault['error_description'] ?? '');
    const fields = Array.isArray(fault['fields']) ? fault['fields'].map(String) : [];
    return [{ status: reply.status, errorCode, message, fields }];
  });
}

/** Row or call faults that pass by themselves and whose work was certainly not done. */
export const passingRowCodes: ReadonlySet<string> = new Set([
  'UNABLE_TO_LOCK_ROW',
  'REQUEST_LIMIT_EXCEEDED',
  'SERVER_UNAVAILABLE',
]);

const serverCodes: ReadonlySet<string> = new Set([
  'SERVER_UNAVAILABLE',
  'UNKNOWN_EXCEPTION',
  'INTERNAL_SERVER_ERROR',
]);

interface Refusal {
  readonly code: string;
  readonly hint: string;
}

const schemaHint = 'Look at the object and field names, and at what the API user may see.';
const permissionHint =
  'Give the API user the permission (profile, permission set, field-level security) and run again.';
const signInHint =
  'Check login_url (My Domain, not login.salesforce.com), client_id and the secret or key; the app must be pre-authorised for the user.';

const refusals: Readonly<Record<string, Refusal>> = {
  INVALID_TYPE: { code: 'object-not-found', hint: schemaHint },
  NOT_FOUND: { code: 'object-not-found', hint: schemaHint },
  INVALID_FIELD: { code: 'field-not-found', hint: schemaHint },
  MALFORMED_QUERY: { code: 'query-refused', hint: schemaHint },
  QUERY_TOO_COMPLICATED: {
    code: 'query-refused',
    hint: 'Leave formula fields out of this stream (exclude: in pipelines.yaml).',
  },
  INSUFFICIENT_ACCESS: { code: 'permission-missing', hint: permissionHint },
  INSUFFICIENT_ACCESS_OR_READONLY: { code: 'permission-missing', hint: permissionHint },
  API_DISABLED_FOR_ORG: { code: 'permission-missing', hint: permissionHint },
  API_CURRENTLY_DISABLED: { code: 'permission-missing', hint: permissionHint },
  FUNCTIONALITY_NOT_ENABLED: { code: 'permission-missing', hint: permissionHint },
  invalid_grant: { code: 'credentials-refused', hint: signInHint },
  invalid_client: { code: 'credentials-refused', hint: signInHint },
  invalid_client_id: { code: 'credentials-refused', hint: signInHint },
  unauthorized_client: { code: 'credentials-refused', hint: signInHint },
  unsupported_grant_type: { code: 'credentials-refused', hint: signInHint },
};

/**
 * Beside the errors, not in them: a cause is printed with its error, and what Salesforce says may
 * quote values.
 */
const faultsByError = new WeakMap<Error, SalesforceFault>();

/** The error a reply means, in the engine's families; undefined for success. */
export function translateReply(reply: HttpReply, context: FaultContext): Error | undefined {
  const fault = readFaults(reply)[0];
  if (fault === undefined) return judgeStatus(reply, context.where, context.nowMs);
  const error = translateFault(reply, fault, context);
  faultsByError.set(error, fault);
  return error;
}

function translateFault(reply: HttpReply, fault: SalesforceFault, context: FaultContext): Error {
  const { errorCode } = fault;
  const said = `${context.where}: Salesforce answered ${errorCode}`;
  const details = { connection: context.connection };
  if (errorCode === 'REQUEST_LIMIT_EXCEEDED') return translateLimit(reply, fault, context, said);
  if (reply.status === 401 || errorCode === 'INVALID_SESSION_ID') {
    return new TransientError(`${said}, also with a new session`, {
      code: 'session-expired',
      hint: 'Check the session policy and login IP ranges of the API user.',
      ...details,
    });
  }
  if (errorCode === 'UNABLE_TO_LOCK_ROW') {
    return new TransientError(said, { code: 'row-locked', ...details });
  }
  if (errorCode === 'QUERY_TIMEOUT') {
    const hint = 'Select fewer fields, or read the stream when the org is quiet.';
    return new TransientError(said, { code: 'query-timeout', hint, ...details });
  }
  if (serverCodes.has(errorCode) || reply.status >= 500 || reply.status === 429) {
    const code = reply.status === 429 ? 'rate-limited' : 'server-error';
    return new TransientError(`${said} (HTTP ${reply.status})`, { code, ...details });
  }
  const refusal = refusals[errorCode] ?? { code: 'request-refused', hint: permissionHint };
  return new TerminalError(`${said}${nameSubject(fault)}`, { ...refusal, ...details });
}

/** Names the column or object where the message has it in its usual form: never a value. */
function nameSubject(fault: SalesforceFault): string {
  const column = /No such column '([\w.]{1,120})'/.exec(fault.message)?.[1];
  if (column !== undefined) return ` for column ${column}`;
  const object = /sObject type '(\w{1,80})'/.exec(fault.message)?.[1];
  if (object !== undefined) return ` for object ${object}`;
  return fault.fields.length > 0 ? ` for ${fault.fields.join(', ')}` : '';
}

/**
 * One code for two limits. The day's is over for hours: the work stops cleanly, as with a budget of
 * our own. The one of concurrent calls passes in seconds.
 */
function translateLimit(
  reply: HttpReply,
  fault: SalesforceFault,
  context: FaultContext,
  said: string,
): Error {
  const usage = readApiUsage(reply.headers);
  const isDaily =
    /TotalRequests/i.test(fault.message) || (usage !== undefined && usage.used >= usage.limit);
  if (isDaily && !/Concurrent/i.test(fault.message)) {
    return new BudgetExhausted(context.connection, usage?.used ?? 0, usage?.limit ?? 0);
  }
  return new TransientError(said, {
    code: 'rate-limited',
    retryAfterMs: limitPauseMs,
    connection: context.connection,
  });
}

/** `Sforce-Limit-Info: api-usage=18/5000`, read by key: more parts may stand beside it. */
export function readApiUsage(headers: Headers): { used: number; limit: number } | undefined {
  const match = /(?:^|[;,\s])api-usage=(\d+)\/(\d+)/.exec(headers.get('sforce-limit-info') ?? '');
  if (match === null) return undefined;
  return { used: Number(match[1]), limit: Number(match[2]) };
}

/** What Salesforce said, where an error stems from its words. */
export function findFault(error: unknown): SalesforceFault | undefined {
  return error instanceof Error ? faultsByError.get(error) : undefined;
}
