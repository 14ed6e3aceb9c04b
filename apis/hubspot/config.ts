import { type DailyBudget, parseDailyBudget } from '../../engine/wire/limit.ts';
import type { ConnectionContext, ConnectionSchema } from '../../engine/words/connection.ts';
import { TerminalError } from '../../engine/words/errors.ts';
import type { JsonObject } from '../../engine/words/json.ts';

const urlDefault = 'https://api.hubapi.com';
/** HubSpot's smallest plan; the first answer tells what the account really has. */
export const tenSecondlyCallsDefault = 100;
/** Five a second for all apps of the account together; this leaves one to the others. */
const searchesPerSecondDefault = 4;

const text = (description: string): JsonObject => ({ type: 'string', minLength: 1, description });
const secret = (description: string): JsonObject => ({ ...text(description), writeOnly: true });

/** Keys of a HubSpot connection beside `type`. */
export const hubspotSchema: ConnectionSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    url: {
      type: 'string',
      pattern: '^https?://',
      default: urlDefault,
      description: 'Address of the API.',
    },
    token: secret('Token of a private app, or a service key.'),
    client_id: text('Client id of an OAuth app.'),
    client_secret: secret('Client secret of the OAuth app.'),
    refresh_token: secret('A refresh token that the OAuth app was given.'),
    daily_calls: {
      type: ['string', 'integer'],
      pattern: '^([1-9][0-9]*|[0-9]{1,3}(\\.[0-9]+)?%)$',
      minimum: 1,
      description: 'Most API calls a UTC day, or a share of the limit of the account, as in 50%.',
    },
    ten_second_calls: {
      type: 'integer',
      minimum: 1,
      description: 'Most calls in ten seconds; default: what HubSpot says the app may make.',
    },
    searches_per_second: {
      type: 'integer',
      minimum: 1,
      default: searchesPerSecondDefault,
      description: 'Most searches a second; HubSpot allows 5 for all apps of an account together.',
    },
  },
  anyOf: [{ required: ['token'] }, { required: ['client_id', 'client_secret', 'refresh_token'] }],
};

export type HubSpotGrant =
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'refresh_token';
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken: string;
    };

export interface HubSpotConfig {
  readonly url: string;
  readonly grant: HubSpotGrant;
  readonly dailyBudget: DailyBudget | undefined;
  /** Undefined: as HubSpot's answers tell. */
  readonly tenSecondlyCalls: number | undefined;
  readonly searchesPerSecond: number;
}

/** Reads what the schema has let through. */
export function readHubSpotConfig(context: ConnectionContext): HubSpotConfig {
  const { config } = context;
  const read = (key: string): string | undefined => {
    const value = config[key];
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const url = (read('url') ?? urlDefault).replace(/\/+$/, '');
  if (!URL.canParse(url)) {
    throw new TerminalError(`connections.${context.name}.url is not an address`, {
      code: 'config-invalid',
      hint: `Leave url out, or write the address of the API, as in ${urlDefault}.`,
      connection: context.name,
    });
  }
  const dailyCalls = read('daily_calls');
  const tenSecondlyCalls = read('ten_second_calls');
  return {
    url,
    grant: pickGrant(read, context.name),
    dailyBudget: dailyCalls === undefined ? undefined : readBudget(dailyCalls, context.name),
    tenSecondlyCalls: tenSecondlyCalls === undefined ? undefined : Number(tenSecondlyCalls),
    searchesPerSecond: Number(read('searches_per_second') ?? searchesPerSecondDefault),
  };
}

function pickGrant(read: (key: string) => string | undefined, connection: string): HubSpotGrant {
  const token = read('token');
  if (token !== undefined) return { kind: 'token', token };
  const clientId = read('client_id');
  const clientSecret = read('client_secret');
  const refreshToken = read('refresh_token');
  if (clientId !== undefined && clientSecret !== undefined && refreshToken !== undefined) {
    return { kind: 'refresh_token', clientId, clientSecret, refreshToken };
  }
  throw new TerminalError(`connections.${connection} cannot sign in to HubSpot`, {
    code: 'config-invalid',
    hint: 'Give token, or client_id, client_secret and refresh_token.',
    connection,
  });
}

function readBudget(dailyCalls: string, connection: string): DailyBudget {
  const budget = parseDailyBudget(dailyCalls);
  if (budget !== undefined) return budget;
  throw new TerminalError(`connections.${connection}.daily_calls is "${dailyCalls}"`, {
    code: 'config-invalid',
    hint: 'Write a whole number of calls, or a share of the limit of the account such as 50%.',
    connection,
  });
}
