import type { SandboxReply, SandboxRequest } from '../server.ts';
import type { Account } from './account.ts';
import { handleAssociations, handleRecordAssociations } from './association-routes.ts';
import {
  errorReply,
  HubSpotRefusal,
  limitReply,
  refuseInput,
  refuseMissing,
} from './error-reply.ts';
import { handleOwners, handlePipelines, handleSchemas, viewAccount } from './metadata-routes.ts';
import { handleObjects } from './object-routes.ts';
import { handleProperties } from './property-routes.ts';
import type { Quota } from './quota.ts';
import type { SignIn } from './sign-in.ts';

export interface RouterOptions {
  account: Account;
  signIn: SignIn;
  quota: Quota;
  /** Whether search's 429 names its policy, as documented, or not, as recorded. */
  isSearchPolicyNamed: boolean;
}

/** Longer request lines are refused with 414, as happens with long `properties` lists. */
const uriCharactersMax = 8_192;

/** Dated paths and second spellings, brought to the ones the routes below know. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/^\/crm\/objects\/(?:2026-\d\d|v3)\/([^/]+\/[^/]+\/associations\/)/, '/crm/v4/objects/$1'],
  [/^\/crm\/(objects|properties|owners|pipelines)\/2026-\d\d(?=\/|$)/, '/crm/v3/$1'],
  [/^\/crm\/associations\/(?:2026-\d\d|v4)\//, '/crm/v4/associations/'],
  [/^\/crm-object-schemas\/2026-\d\d\//, '/crm-object-schemas/v3/'],
  [/^\/oauth\/(?:2026-\d\d|v3)\//, '/oauth/v1/'],
];

function toKnownPath(path: string): string {
  let known = path;
  for (const [pattern, spelling] of spellings) known = known.replace(pattern, spelling);
  return known.replace(/\/+$/, '');
}

export function createRouter(options: RouterOptions): (request: SandboxRequest) => SandboxReply {
  const { account, signIn, quota } = options;
  return (request) => {
    const correlationId = account.minting.nextUuid();
    const path = toKnownPath(request.path);
    const isSearch = request.method === 'POST' && /^\/crm\/v3\/objects\/[^/]+\/search$/.test(path);
    let isOAuth = false;
    let reply: SandboxReply;
    try {
      if (request.path.length + request.query.toString().length > uriCharactersMax) {
        return { status: 414, body: 'URI Too Long', headers: { 'content-type': 'text/plain' } };
      }
      if (path === '/oauth/v1/token') return signIn.exchange(request);
      isOAuth = signIn.identify(request) === 'oauth';
      const broken = quota.take(isSearch);
      if (broken === undefined) reply = route(options, request, path);
      else {
        const isBare = broken === 'SECONDLY' && !options.isSearchPolicyNamed;
        reply = limitReply(isBare ? undefined : broken, correlationId);
      }
    } catch (error) {
      if (!(error instanceof HubSpotRefusal)) throw error;
      reply = errorReply(error, correlationId);
      if (error.status === 401) return reply;
    }
    const headers = { 'x-hubspot-correlation-id': correlationId };
    return {
      ...reply,
      headers: { ...headers, ...quota.headers(isSearch, isOAuth), ...reply.headers },
    };
  };
}

function route(options: RouterOptions, request: SandboxRequest, path: string): SandboxReply {
  const { account, signIn } = options;
  const [, area, version, family, ...segments] = path.split('/').map(decode);
  if (area === 'crm' && version === 'v3') {
    signIn.requireScope(scopeOf(account, request.method, family, segments));
    switch (family) {
      case 'objects':
        return handleObjects(account, request, segments);
      case 'properties':
        return handleProperties(account, request, segments);
      case 'owners':
        return handleOwners(account, request, segments);
      case 'pipelines':
        return handlePipelines(account, request, segments);
    }
  }
  if (area === 'crm' && version === 'v4') {
    signIn.requireScope(scopeOf(account, request.method, 'associations', segments));
    if (family === 'associations') return handleAssociations(account, request, segments);
    const [type = '', id = '', word, ...rest] = segments;
    if (family === 'objects' && word === 'associations') {
      return handleRecordAssociations(account, request, [type, id, ...rest]);
    }
  }
  if (area === 'crm-object-schemas' && version === 'v3' && family === 'schemas') {
    signIn.requireScope('crm.schemas.custom.read');
    return handleSchemas(account, request, segments);
  }
  if (path === '/account-info/v3/details') return { status: 200, body: viewAccount(account) };
  if (path.startsWith('/oauth/v1/access-tokens/')) return signIn.describe(segments[0] ?? '');
  throw refuseMissing(`${request.method} ${request.path} is not a known path`);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw refuseInput(`the path holds an invalid escape`);
  }
}

function scopeOf(
  account: Account,
  method: string,
  family: string | undefined,
  [type = '', word = '', action = '']: readonly string[],
): string {
  if (family === 'owners') return 'crm.objects.owners.read';
  const object = account.catalog.find(type);
  const name = object === undefined || object.isCustom ? 'custom' : object.name;
  const isReading =
    method === 'GET' || word === 'search' || (word === 'batch' && action === 'read');
  const kind = family === 'properties' ? 'schemas' : 'objects';
  // Relations are read and written with the scopes of the records they join.
  const right = isReading || family === 'associations' ? 'read' : 'write';
  return `crm.${kind}.${name}.${right}`;
}

const objectWords = ['search', 'batch', 'merge', 'gdpr-delete'];

/** `POST /crm/v3/objects/contacts/search`: the path with its ids taken out, for counting. */
export function nameRoute(request: SandboxRequest): string {
  const [, area, version, family, type, ...rest] = toKnownPath(request.path).split('/');
  const base = [area, version, family, type].filter((part) => part !== undefined);
  const [first, ...others] = rest;
  let tail: string[] = rest;
  if (area === 'oauth') base.splice(3);
  else if (family === 'objects' && first !== undefined && !objectWords.includes(first)) {
    const [word, toType, toId] = others;
    tail = ['{id}', word, toType, toId === undefined ? undefined : '{id}'].filter(
      (part) => part !== undefined,
    );
  } else if (family === 'owners' && type !== undefined) base[3] = '{id}';
  else if (family === 'properties' && first !== undefined && first !== 'batch') tail = ['{name}'];
  else if (family === 'pipelines' && first !== undefined) tail = ['{id}', ...others.slice(0, 1)];
  return `${request.method} /${[...base, ...tail].join('/')}`;
}
