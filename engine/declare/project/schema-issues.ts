import type { ErrorObject } from 'ajv/dist/2020.js';
import { didYouMean } from '../../words/suggest.ts';
import type { ConfigIssue } from './project.ts';
import type { Path, YamlSource } from './yaml-source.ts';

function pathOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^[0-9]+$/.test(part) ? Number(part) : part));
}

function nameOf(path: Path): string {
  return path.length === 0 ? 'the file' : path.join('.');
}

function allowedKeys(error: ErrorObject): string[] {
  const properties = (error.parentSchema as { properties?: object } | undefined)?.properties;
  return Object.keys(properties ?? {});
}

function expectation(error: ErrorObject): string {
  const schema = error.parentSchema as { description?: string } | undefined;
  return schema?.description ? ` (${schema.description})` : '';
}

function typeName(value: unknown): string {
  if (value === null) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function toIssue(error: ErrorObject, source: YamlSource): ConfigIssue | undefined {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const at = source.position(path);
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const allowed = allowedKeys(error);
      return {
        ...source.keyPosition([...path, key]),
        message: `unknown key "${key}" in ${nameOf(path)}${didYouMean(key, allowed)}`,
        hint: `known keys: ${allowed.join(', ')}`,
      };
    }
    case 'propertyNames':
      return {
        ...source.keyPosition([...path, String(params['propertyName'])]),
        message: `"${String(params['propertyName'])}" is not a name: use a-z, 0-9 and _`,
      };
    case 'required':
      return { ...at, message: `${nameOf(path)} has no "${String(params['missingProperty'])}"` };
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      const found = typeof error.data === 'string' ? error.data : typeName(error.data);
      return {
        ...at,
        message: `${nameOf(path)} is "${found}"${didYouMean(found, allowed)}`,
        hint: `one of: ${allowed.join(', ')}`,
      };
    }
    case 'type': {
      const wanted = [params['type']].flat().join(' or ');
      return {
        ...at,
        message: `${nameOf(path)} is ${typeName(error.data)}, not ${wanted}${expectation(error)}`,
      };
    }
    case 'pattern':
      // The pattern of a name is told by propertyNames.
      if (error.propertyName !== undefined) return undefined;
      return { ...at, message: `${nameOf(path)} is not of the form needed${expectation(error)}` };
    case 'if':
      return undefined;
    default:
      return { ...at, message: `${nameOf(path)} ${error.message ?? 'is not valid'}` };
  }
}

/** The validator's findings as messages with a place, in the order of the file. */
export function toIssues(errors: readonly ErrorObject[], source: YamlSource): ConfigIssue[] {
  return errors.flatMap((error) => toIssue(error, source) ?? []);
}
