import type { SandboxReply } from '../server.ts';

export interface ErrorDetail {
  message: string;
  code?: string;
  context?: Record<string, readonly string[]>;
}

/** The parts of HubSpot's error body that differ from one error to the next. */
export interface ErrorParts {
  /** `error`, except in the OAuth bodies. */
  status?: string;
  category?: string;
  subCategory?: string;
  errors?: readonly ErrorDetail[];
  context?: Record<string, readonly string[]>;
}

/**
 * A refusal on its way to the wire. Batch routes catch it per row; the router turns it into a
 * reply.
 */
export class HubSpotRefusal extends Error {
  readonly status: number;
  readonly parts: ErrorParts;

  constructor(status: number, message: string, parts: ErrorParts = {}) {
    super(message);
    this.name = 'HubSpotRefusal';
    this.status = status;
    this.parts = parts;
  }
}

export interface PropertyProblem {
  name: string;
  error: string;
  message: string;
}

/** HubSpot embeds the list of problems in the message as JSON text; clients parse it from there. */
export function refuseProperties(problems: readonly PropertyProblem[]): HubSpotRefusal {
  const embedded = problems.map((problem) => ({
    isValid: false,
    message: problem.message,
    error: problem.error,
    name: problem.name,
    localizedErrorMessage: problem.message,
  }));
  return new HubSpotRefusal(400, `Property values were not valid: ${JSON.stringify(embedded)}`, {
    category: 'VALIDATION_ERROR',
    errors: problems.map((problem) => ({
      message: problem.message,
      code: problem.error,
      context: { propertyName: [problem.name] },
    })),
  });
}

export function refuseInput(message: string, parts: ErrorParts = {}): HubSpotRefusal {
  return new HubSpotRefusal(400, message, { category: 'VALIDATION_ERROR', ...parts });
}

export function refuseMissing(message = 'resource not found', ids?: readonly string[]) {
  return new HubSpotRefusal(404, message, {
    category: 'OBJECT_NOT_FOUND',
    ...(ids === undefined ? {} : { context: { ids } }),
  });
}

/** One HubSpot error body; every reply carries its own correlation id. */
function errorBody(refusal: HubSpotRefusal, correlationId: string): Record<string, unknown> {
  return { status: 'error', message: refusal.message, correlationId, ...refusal.parts };
}

export function errorReply(refusal: HubSpotRefusal, correlationId: string): SandboxReply {
  return { status: refusal.status, body: errorBody(refusal, correlationId) };
}

export type LimitPolicy = 'DAILY' | 'TEN_SECONDLY_ROLLING' | 'SECONDLY';

/**
 * The documented 429 body, with a policyName. There is no Retry-After. Without a policy it is the
 * other shape, recorded from search: a category and no policyName.
 */
export function limitReply(policy: LimitPolicy | undefined, correlationId: string): SandboxReply {
  const status = 429;
  if (policy === undefined) {
    const message = 'You have reached your secondly limit.';
    return {
      status,
      body: { status: 'error', message, correlationId, category: 'RATE_LIMITS' },
    };
  }
  return {
    status,
    body: {
      status: 'error',
      message: `You have reached your ${policy.toLowerCase()} limit.`,
      errorType: 'RATE_LIMIT',
      correlationId,
      policyName: policy,
      requestId: correlationId.replaceAll('-', ''),
    },
  };
}
