import type { SandboxReply, SandboxRequest } from '../exchange.ts';
import { ApiError, notFound, printError } from './api-error.ts';
import type { createBulkIngest } from './bulk-ingest.ts';
import type { createBulkQuery } from './bulk-query.ts';
import { answerCollections } from './collections.ts';
import { isId } from './id.ts';
import type { OAuth } from './oauth.ts';
import type { Org } from './org.ts';
import type { QueryReader } from './query.ts';
import { answerSobjects } from './sobjects.ts';
import { printLimits, type Usage } from './usage.ts';

export interface Services {
  org: Org;
  oauth: OAuth;
  usage: Usage;
  reader: QueryReader;
  bulkQuery: ReturnType<typeof createBulkQuery>;
  bulkIngest: ReturnType<typeof createBulkIngest>;
  /** Where the server listens, for `instance_url`. */
  url(): string;
}

/** API versions the sandbox answers to. */
const versionMin = 60;
const versionMax = 67;
/** Longer addresses are refused, as at the edge of Salesforce. */
const addressBytesMax = 16_384;

/** Answers every call of the org. */
export async function answerRequest(
  services: Services,
  request: SandboxRequest,
): Promise<SandboxReply> {
  try {
    return await route(services, request);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return addLimits(services, printError(error));
  }
}

async function route(services: Services, request: SandboxRequest): Promise<SandboxReply> {
  const { oauth } = services;
  const parts = request.path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  if (request.path.length + request.query.toString().length > addressBytesMax) {
    throw new ApiError(414, 'URI_TOO_LONG', 'URI Too Long');
  }
  const [first, second, third, ...rest] = parts;
  if (first === 'services' && second === 'oauth2') {
    if (third === 'token') return oauth.grant(request, services.url());
    if (third === 'revoke') return oauth.revoke(request);
    if (third === 'userinfo') return answerIdentity(services, request);
    throw notFound();
  }
  if (first === 'id') return answerIdentity(services, request);
  if (first !== 'services' || second !== 'data') throw notFound();
  if (third === undefined) return listVersions();
  oauth.check(request);
  if (!services.usage.take()) {
    throw new ApiError(403, 'REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.');
  }
  const version = readVersion(third);
  const base = `/services/data/v${version}`;
  return addLimits(services, await answerData(services, request, rest, version, base));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function readVersion(part: string): string {
  const version = /^v(\d\d\.0)$/.exec(part)?.[1];
  const number = Number(version);
  if (version === undefined || number < versionMin || number > versionMax) throw notFound();
  return version;
}

function listVersions(): SandboxReply {
  const body: object[] = [];
  for (let version = versionMin; version <= versionMax; version += 1) {
    const url = `/services/data/v${version}.0`;
    body.push({ label: `API ${version}`, url, version: `${version}.0` });
  }
  return { status: 200, body };
}

function answerIdentity(services: Services, request: SandboxRequest): SandboxReply {
  services.oauth.check(request);
  const { organizationId, userId, username } = services.org;
  const id = `${services.url()}/id/${organizationId}/${userId}`;
  return {
    status: 200,
    body: {
      id,
      asserted_user: true,
      user_id: userId,
      organization_id: organizationId,
      username,
      preferred_username: username,
      display_name: 'Integration User',
      active: true,
      user_type: 'STANDARD',
      urls: { rest: `${services.url()}/services/data/v{version}/` },
    },
  };
}

async function answerData(
  services: Services,
  request: SandboxRequest,
  parts: readonly string[],
  version: string,
  base: string,
): Promise<SandboxReply> {
  const { org, reader } = services;
  const [name, second, ...rest] = parts;
  switch (name) {
    case undefined:
      return { status: 200, body: listResources(base) };
    case 'limits':
      return { status: 200, body: printLimits(services.usage) };
    case 'query':
    case 'queryAll':
      if (second !== undefined) return reader.queryMore(request, second, base);
      return reader.query(request, name === 'queryAll', base);
    case 'sobjects':
      return answerSobjects(org, request, parts.slice(1), base);
    case 'composite':
      if (second === 'sobjects') return answerCollections(org, request, rest, base);
      throw notFound();
    case 'jobs':
      if (second === 'query') {
        return services.bulkQuery.answer({ request, parts: rest, version, base });
      }
      if (second === 'ingest') {
        return await services.bulkIngest.answer({ request, parts: rest, version, base });
      }
      throw notFound();
    default:
      throw notFound();
  }
}

function listResources(base: string): object {
  const names = ['composite', 'jobs', 'limits', 'query', 'queryAll', 'sobjects'];
  return Object.fromEntries(names.map((name) => [name, `${base}/${name}`]));
}

/** Every answer tells the use of the daily limit. */
export function addLimits(services: Services, reply: SandboxReply): SandboxReply {
  const usage = `api-usage=${services.usage.used()}/${services.usage.max}`;
  return { ...reply, headers: { ...reply.headers, 'sforce-limit-info': usage } };
}

/** `GET /query/:locator`: the version left out, ids and values replaced. */
export function nameRoute(request: SandboxRequest): string {
  const parts = request.path.split('/').filter((part) => part !== '');
  if (parts[0] === 'services' && parts[1] === 'data') parts.splice(0, 3);
  const named = parts.map((part, at) => {
    if (/^01g\w{15}-\d+$/.test(part)) return ':locator';
    if (isId(part) && /\d/.test(part)) return ':id';
    return parts[0] === 'sobjects' && at === 3 ? ':value' : part;
  });
  return `${request.method} /${named.join('/')}`;
}
