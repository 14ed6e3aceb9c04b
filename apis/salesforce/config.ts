import { type DailyBudget, parseDailyBudget } from '../../engine/wire/limit.ts';
import type { ConnectionContext, ConnectionSchema } from '../../engine/words/connection.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';

const apiVersionDefault = '62.0';
/** Salesforce recommends bulk jobs from this many records on. */
const bulkFromDefault = 2000;

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });
const secret = (description: string): JsonObject => ({ ...text(description), writeOnly: true });

/** Keys of a Salesforce connection beside `type`. */
export const salesforceSchema: ConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['login_url', 'client_id'],
  properties: {
    login_url: {
      type: 'string',
      pattern: '^https?://',
      description: 'Your My Domain address, as in https://acme.my.salesforce.com.',
    },
    client_id: text('Consumer key of the connected app.'),
    client_secret: secret('Consumer secret, for the client credentials flow.'),
    private_key: secret('PEM of the RSA key whose certificate the app holds, for the JWT flow.'),
    username: text('The user the JWT flow signs in as.'),
    audience: text('Audience of the JWT; default: login_url.'),
    refresh_token: secret('A refresh token that the app was given.'),
    api_version: {
      type: ['string', 'number'],
      pattern: '^[1-9][0-9]\\.0$',
      minimum: 50,
      default: apiVersionDefault,
      description: 'REST API version.',
    },
    daily_calls: {
      type: ['string', 'integer'],
      pattern: '^([1-9][0-9]*|[0-9]{1,3}(\\.[0-9]+)?%)$',
      minimum: 1,
      description: 'Most API calls a UTC day, or a share of the limit of the org, as in 50%.',
    },
    bulk_from: {
      type: 'integer',
      minimum: 1,
      default: bulkFromDefault,
      description: 'From how many records on a read uses a bulk job instead of REST pages.',
    },
  },
  anyOf: [
    { required: ['client_secret'] },
    { required: ['private_key', 'username'] },
    { required: ['refresh_token'] },
  ],
};

export type SalesforceGrant =
  | { readonly kind: 'client_credentials' }
  | {
      readonly kind: 'jwt';
      readonly privateKey: string;
      readonly username: string;
      readonly audience: string;
    }
  | { readonly kind: 'refresh_token'; readonly refreshToken: string };

export interface SalesforceConfig {
  readonly loginUrl: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly grant: SalesforceGrant;
  readonly apiVersion: string;
  readonly dailyBudget: DailyBudget | undefined;
  readonly bulkFrom: number;
}

/** Reads what the schema has let through. */
export function readSalesforceConfig(context: ConnectionContext): SalesforceConfig {
  const { config } = context;
  const read = (key: string): string | undefined => {
    const value = config[key];
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const loginUrl = read('login_url')?.replace(/\/+$/, '');
  const clientId = read('client_id');
  if (loginUrl === undefined || clientId === undefined) throw incomplete(context.name);
  if (!URL.canParse(loginUrl)) {
    throw new TerminalError(`connections.${context.name}.login_url is not an address`, {
      code: 'config-invalid',
      hint: 'Write the My Domain address of the org, as in https://acme.my.salesforce.com.',
      connection: context.name,
    });
  }
  const dailyCalls = read('daily_calls');
  return {
    loginUrl,
    clientId,
    clientSecret: read('client_secret'),
    grant: pickGrant(read, loginUrl, context.name),
    apiVersion: Number(read('api_version') ?? apiVersionDefault).toFixed(1),
    dailyBudget: dailyCalls === undefined ? undefined : readBudget(dailyCalls, context.name),
    bulkFrom: Number(read('bulk_from') ?? bulkFromDefault),
  };
}

function pickGrant(
  read: (key: string) => string | undefined,
  loginUrl: string,
  connection: string,
): SalesforceGrant {
  const privateKey = read('private_key');
  const username = read('username');
  if (privateKey !== undefined && username !== undefined) {
    return { kind: 'jwt', privateKey, username, audience: read('audience') ?? loginUrl };
  }
  const refreshToken = read('refresh_token');
  if (refreshToken !== undefined) return { kind: 'refresh_token', refreshToken };
  if (read('client_secret') === undefined) throw incomplete(connection);
  return { kind: 'client_credentials' };
}

function readBudget(dailyCalls: string, connection: string): DailyBudget {
  const budget = parseDailyBudget(dailyCalls);
  if (budget !== undefined) return budget;
  throw new TerminalError(`connections.${connection}.daily_calls is "${dailyCalls}"`, {
    code: 'config-invalid',
    hint: 'Write a whole number of calls, or a share of the limit of the org such as 50%.',
    connection,
  });
}

function incomplete(connection: string): TerminalError {
  return new TerminalError(`connections.${connection} cannot sign in to Salesforce`, {
    code: 'config-invalid',
    hint: 'Give login_url, client_id and one of: client_secret; private_key and username; refresh_token.',
    connection,
  });
}
