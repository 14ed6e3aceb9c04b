import { describe, expect, test } from 'vitest';
import { readApiUsage, translateReply } from '../../apis/salesforce/fault.ts';
import type { HttpReply } from '../../engine/wire/http.ts';
import { BudgetExhausted, TerminalError, TransientError } from '../../engine/words/errors.ts';

const context = { connection: 'crm', where: 'GET org/query', nowMs: 0 };

function refuse(
  status: number,
  errorCode: string,
  message = 'about ann@example.org',
  headers: Record<string, string> = {},
): Error | undefined {
  const body = Buffer.from(JSON.stringify([{ errorCode, message, fields: [] }]));
  const reply: HttpReply = { status, headers: new Headers(headers), body };
  return translateReply(reply, context);
}

describe('what Salesforce says', () => {
  test.each([
    [500, 'UNABLE_TO_LOCK_ROW', 'row-locked'],
    [400, 'UNABLE_TO_LOCK_ROW', 'row-locked'],
    [400, 'QUERY_TIMEOUT', 'query-timeout'],
    [503, 'SERVER_UNAVAILABLE', 'server-error'],
    [500, 'UNKNOWN_EXCEPTION', 'server-error'],
    [401, 'INVALID_SESSION_ID', 'session-expired'],
  ])('%i %s passes by itself', (status, errorCode, code) => {
    const error = refuse(status, errorCode);
    expect(error).toBeInstanceOf(TransientError);
    expect(error).toMatchObject({ code });
  });

  test.each([
    [400, 'MALFORMED_QUERY', 'query-refused'],
    [400, 'INVALID_FIELD', 'field-not-found'],
    [400, 'INVALID_TYPE', 'object-not-found'],
    [404, 'NOT_FOUND', 'object-not-found'],
    [403, 'INSUFFICIENT_ACCESS', 'permission-missing'],
    [403, 'API_DISABLED_FOR_ORG', 'permission-missing'],
    [400, 'SOMETHING_NEW', 'request-refused'],
  ])('%i %s needs a person, who is told what to do', (status, errorCode, code) => {
    const error = refuse(status, errorCode);
    expect(error).toBeInstanceOf(TerminalError);
    expect(error).toMatchObject({ code, hint: expect.any(String) as string });
    expect(error?.message).toContain(errorCode);
  });

  test('one limit stops the day, the other passes in seconds', () => {
    const code = 'REQUEST_LIMIT_EXCEEDED';
    const daily = refuse(403, code, 'TotalRequests Limit exceeded.', {
      'sforce-limit-info': 'api-usage=5000/5000',
    });
    expect(daily).toBeInstanceOf(BudgetExhausted);
    expect(daily).toMatchObject({ used: 5000, budget: 5000 });
    const concurrent = refuse(403, code, 'ConcurrentRequests Limit exceeded.', {
      'sforce-limit-info': 'api-usage=5000/5000',
    });
    expect(concurrent).toMatchObject({ code: 'rate-limited', retryAfterMs: 2000 });
    expect(refuse(403, code, 'in another language')).toMatchObject({ code: 'rate-limited' });
  });

  test('refused sign-ins are objects, not lists, and need a person', () => {
    const body = Buffer.from('{"error":"invalid_grant","error_description":"bad"}');
    const reply = { status: 400, headers: new Headers(), body };
    expect(translateReply(reply, context)).toMatchObject({ code: 'credentials-refused' });
  });

  test('its own words, which may quote values, stay out of the error', () => {
    for (const code of ['INVALID_FIELD', 'STRING_TOO_LONG', 'SERVER_UNAVAILABLE']) {
      const error = refuse(400, code);
      expect(`${error?.message} ${String(error?.cause)} ${JSON.stringify(error)}`).not.toContain(
        'ann',
      );
    }
  });

  test('but a column or object it does not know is named', () => {
    const column = "SELECT Nope FROM X ^ ERROR: No such column 'Nope' on entity 'Account'.";
    expect(refuse(400, 'INVALID_FIELD', column)?.message).toContain('column Nope');
    const object = "sObject type 'Nope__c' is not supported.";
    expect(refuse(400, 'INVALID_TYPE', object)?.message).toContain('object Nope__c');
  });

  test('success is no error, an HTML page always is', () => {
    const ok = { status: 200, headers: new Headers(), body: Buffer.from('{}') };
    expect(translateReply(ok, context)).toBeUndefined();
    const html = { ...ok, headers: new Headers({ 'content-type': 'text/html' }) };
    expect(translateReply(html, context)).toBeInstanceOf(TransientError);
  });
});

test('the usage is read by its name, not its place', () => {
  const read = (text: string) => readApiUsage(new Headers({ 'sforce-limit-info': text }));
  expect(read('api-usage=18/5000')).toEqual({ used: 18, limit: 5000 });
  expect(read('api-bursts=1/750; api-usage=3/10')).toEqual({ used: 3, limit: 10 });
  expect(read('per-app-api-usage=1/2(appName=x)')).toBeUndefined();
  expect(readApiUsage(new Headers())).toBeUndefined();
});
