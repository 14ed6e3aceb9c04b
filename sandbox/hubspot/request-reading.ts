import type { SandboxRequest } from '../server.ts';
import { HubSpotRefusal, refuseInput } from './error-reply.ts';

export type Json = Record<string, unknown>;

/** A JSON object from the body, or HubSpot's refusal. */
export function readBody(request: SandboxRequest): Json {
  const type = request.headers['content-type'] ?? '';
  if (!type.includes('json')) {
    throw new HubSpotRefusal(415, 'Content type must be application/json', {});
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body.toString('utf8'));
  } catch {
    throw refuseInput('Invalid input JSON: the body is not valid JSON');
  }
  return asJson(parsed, 'the body');
}

export function asJson(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw refuseInput(`Invalid input JSON: ${what} must be an object`);
}

export function readInputs(body: Json, most: number): Json[] {
  const { inputs } = body;
  if (!Array.isArray(inputs)) throw refuseInput('Invalid input JSON: inputs must be a list');
  if (inputs.length > most) {
    throw refuseInput(`The maximum batch size is ${most}, found ${inputs.length} inputs`);
  }
  return inputs.map((input) => asJson(input, 'an input'));
}

/** An array parameter: repeated, joined with commas, or both. */
export function readList(query: URLSearchParams, name: string): string[] {
  return query
    .getAll(name)
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

export function readNames(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export function readPageLimit(query: URLSearchParams, fallback: number, most: number): number {
  const raw = query.get('limit');
  if (raw === null || raw === '') return fallback;
  const limit = Number(raw);
  if (Number.isInteger(limit) && limit >= 1 && limit <= most) return limit;
  throw refuseInput(`Invalid limit ${raw}; use 1 to ${most}`);
}

export function readAfterId(query: URLSearchParams): number {
  const raw = query.get('after');
  if (raw === null || raw === '') return 0;
  if (/^\d{1,15}$/.test(raw)) return Number(raw);
  throw refuseInput(`Invalid paging cursor "${raw}"`);
}

export function isArchivedWanted(query: URLSearchParams): boolean {
  return query.get('archived') === 'true';
}
