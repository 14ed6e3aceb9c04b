import type { SandboxReply } from '../exchange.ts';

/** What a client did wrong, in the words of Salesforce: one HTTP status, one or more codes. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly string[] | undefined;

  constructor(status: number, code: string, message: string, fields?: readonly string[]) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** The body of REST errors is an array; those of OAuth are an object and made elsewhere. */
export function printError(error: ApiError): SandboxReply {
  const body = { message: error.message, errorCode: error.code };
  return {
    status: error.status,
    body: [error.fields === undefined ? body : { ...body, fields: error.fields }],
  };
}

export function notFound(what = 'The requested resource does not exist'): ApiError {
  return new ApiError(404, 'NOT_FOUND', what);
}
