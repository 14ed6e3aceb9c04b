import { dirname, resolve } from 'node:path';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { TerminalError } from '../../words/errors.ts';
import type { JsonObject } from '../../words/json.ts';
import { loadLibrary } from '../../words/load-library.ts';
import { hasFile, requireTextFile } from '../text-file.ts';
import { acceptValue } from '../yaml/accept-value.ts';
import { buildProject } from './build-project.ts';
import { readEnvironment, substitute } from './environment.ts';
import type { ConfigIssue, Project } from './project.ts';
import { buildProjectSchema, type DeclaredTypes, openlineage } from './schema.ts';
import { toIssues } from './schema-issues.ts';
import { type Path, parseYamlSource, type YamlSource } from './yaml-source.ts';

export type LoadedProject =
  | { readonly project: Project; readonly issues: readonly [] }
  | { readonly project: undefined; readonly issues: readonly ConfigIssue[] };

/** `pipelines.yaml:12:5 unknown key …` and the hint under it: as people read it. */
export function formatIssue(issue: ConfigIssue): string {
  const place = `${issue.file}:${issue.line}:${issue.column}`;
  return issue.hint ? `${place} ${issue.message}\n    ${issue.hint}` : `${place} ${issue.message}`;
}

export function issuesError(issues: readonly ConfigIssue[]): TerminalError {
  const count = issues.length === 1 ? 'one fault' : `${issues.length} faults`;
  return new TerminalError(`${count} in the project\n${issues.map(formatIssue).join('\n')}`, {
    code: 'project-invalid',
  });
}

interface Resolved {
  readonly value: unknown;
  readonly issues: ConfigIssue[];
  /** Paths of texts that came from the environment. */
  readonly referenced: ReadonlySet<string>;
}

/** Replaces `${env:NAME}` in every text of the file. */
function resolveEnvironment(
  source: YamlSource,
  environment: ReturnType<typeof readEnvironment>,
  needsConnections: boolean,
): Resolved {
  const issues: ConfigIssue[] = [];
  const referenced = new Set<string>();
  const walk = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, walk(item, [...path, key])]),
      );
    }
    if (typeof value !== 'string') return value;
    const result = substitute(value, environment);
    for (const name of result.missing) {
      if (path[0] === 'connections' && !needsConnections) continue;
      issues.push({
        ...source.position(path),
        message: `${path.join('.')} needs ${name}, which is not set`,
        hint: `looked at: ${environment.places.join('; ')}. Set it there, e.g. a line ${name}=… in .env`,
      });
    }
    if (result.names.length > 0) referenced.add(path.join('.'));
    return result.value;
  };
  return { value: walk(source.value, []), issues, referenced };
}

function findErrors(types: DeclaredTypes, value: unknown): readonly ErrorObject[] {
  const schema = buildProjectSchema(types);
  if (acceptValue(schema, value)) return [];
  // Loaded here: it is needed only to say what is wrong.
  const { Ajv2020 } = loadLibrary('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, $data: false });
  const validate = ajv.compile(schema);
  return validate(value) ? [] : (validate.errors ?? []);
}

interface SecretSchema {
  readonly properties?: Readonly<Record<string, { readonly writeOnly?: boolean }>>;
}

/**
 * Values of keys that the schema of a connection or of `openlineage` marks `writeOnly`, and faults
 * for those not by reference.
 */
function collectSecrets(
  value: unknown,
  types: DeclaredTypes,
  resolved: Resolved,
  source: YamlSource,
): { secrets: string[]; issues: ConfigIssue[] } {
  const secrets: string[] = [];
  const issues: ConfigIssue[] = [];
  const collect = (entry: JsonObject, schema: SecretSchema | undefined, path: Path): void => {
    for (const [key, property] of Object.entries(schema?.properties ?? {})) {
      const secret = entry[key];
      if (!property.writeOnly || typeof secret !== 'string') continue;
      secrets.push(secret);
      const place = [...path, key];
      if (!resolved.referenced.has(place.join('.'))) {
        const name = [path.at(-1), key].join('_').toUpperCase();
        issues.push({
          ...source.position(place),
          message: `${place.join('.')} is a secret written into the file`,
          hint: `write "\${env:${name}}" and put the value in .env`,
        });
      }
    }
  };
  const declared = value as { connections?: Record<string, JsonObject>; openlineage?: JsonObject };
  for (const [name, connection] of Object.entries(declared.connections ?? {})) {
    const schema = types.connections[String(connection?.['type'])];
    collect(connection, schema as SecretSchema | undefined, ['connections', name]);
  }
  collect(declared.openlineage ?? {}, openlineage as SecretSchema, ['openlineage']);
  return { secrets, issues };
}

export interface LoadOptions {
  /** Path of `pipelines.yaml`. */
  readonly file: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly types: DeclaredTypes;
  /** False for work that talks to no CRM: then `connections` may lack their environment. */
  readonly needsConnections?: boolean;
}

/** Reads `pipelines.yaml`: a project, or every fault of it at once. */
export function loadProject(options: LoadOptions): LoadedProject {
  const file = resolve(options.file);
  if (!hasFile(file)) {
    throw new TerminalError(`there is no ${file}, nor a dbt_project.yml beside it`, {
      code: 'project-not-found',
      hint: 'run `tidemill init` in an empty folder, or name the folder with --project-dir',
    });
  }
  const text = requireTextFile(file, 'project-not-found');
  const source = parseYamlSource(options.file, text);
  if (source.issues.length > 0) return { project: undefined, issues: source.issues };
  const environment = readEnvironment(dirname(file), options.env);
  const resolved = resolveEnvironment(source, environment, options.needsConnections ?? true);
  const errors = findErrors(options.types, resolved.value);
  const issues = [...resolved.issues, ...toIssues(errors, source)];
  if (issues.length > 0) return { project: undefined, issues: sortIssues(issues) };
  const secrets = collectSecrets(resolved.value, options.types, resolved, source);
  const built = buildProject({ file, value: resolved.value, source, secrets: secrets.secrets });
  const all = [...secrets.issues, ...built.issues];
  return all.length > 0
    ? { project: undefined, issues: sortIssues(all) }
    : { project: built.project, issues: [] };
}

function sortIssues(issues: readonly ConfigIssue[]): ConfigIssue[] {
  return issues.toSorted((left, right) => left.line - right.line || left.column - right.column);
}
