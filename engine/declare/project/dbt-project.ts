import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TerminalError } from '../../words/errors.ts';
import type { JsonObject } from '../../words/json.ts';
import { asConfig, asTexts, type Config } from '../config.ts';
import { collectFaults, formatFault } from '../model-fault.ts';
import { targetPathDefault } from '../project-shape.ts';
import { hasFile, requireTextFile } from '../text-file.ts';
import { parseYaml } from '../yaml-file.ts';
import type { Project } from './project.ts';

export interface DbtProjectOptions {
  /** The folder of `dbt_project.yml`. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of the command line: profiles know no others. */
  readonly vars?: JsonObject;
  /** The profile's output to build in; default what the profile says. */
  readonly target?: string;
  /** The profile to take instead of the one that the project names. */
  readonly profile?: string;
  /** The folder of `profiles.yml`; default the project's own, then `~/.dbt`. */
  readonly profilesFolder?: string;
  /** True where the warehouse is named otherwise: then a profile of another product may stand. */
  readonly hasWarehouse?: boolean;
  /** Told what of the profile is not read. */
  warn?(message: string): void;
}

const projectFile = 'dbt_project.yml';
const profilesFile = 'profiles.yml';
const warehouseDefault = 'warehouse.duckdb';

export function isDbtProject(folder: string): boolean {
  return hasFile(join(folder, projectFile));
}

/**
 * A dbt project as ours: no connections, no syncs, its warehouse from its profile. A project
 * without a profile is built in `warehouse.duckdb` beside it.
 *
 * @throws TerminalError `project-invalid`, `profile-invalid` or `profile-unsupported`.
 */
export function loadDbtProject(options: DbtProjectOptions): Project {
  const folder = resolve(options.folder);
  const file = join(folder, projectFile);
  const declared = readYaml(file, 'project-invalid');
  const name = typeof declared['name'] === 'string' ? declared['name'] : basename(folder);
  const profile = options.profile ?? render(declared['profile'], options, file);
  const output = findOutput({ ...options, folder }, profile);
  const config = output?.config ?? {};
  tellUnread(config, options);
  const path = typeof config['path'] === 'string' ? config['path'] : '';
  const threads = Number(config['threads']);
  const warehouse: JsonObject = {
    path: path === '' || path === ':memory:' ? warehouseDefault : path,
    ...(threads > 0 ? { threads } : {}),
  };
  const schema = typeof config['schema'] === 'string' ? config['schema'] : 'main';
  return {
    name,
    folder,
    file,
    targetPath: String(render(declared['target-path'] ?? targetPathDefault, options, file)),
    warehouse: { type: 'duckdb', config: warehouse },
    target: { name: output?.name ?? 'dev', schema },
    connections: new Map(),
    extract: new Map(),
    models: { path: 'models', vars: {} },
    syncs: [],
    pipelines: [],
    secrets: [],
  };
}

/** Keys of dbt-duckdb's outputs that would change what is read or where it is written. */
const unreadKeys = [
  'attach',
  'config_options',
  'external_root',
  'extensions',
  'filesystems',
  'is_ducklake',
  'module_paths',
  'plugins',
  'remote',
  'secrets',
  'settings',
  'use_credential_provider',
] as const;

function tellUnread(config: Config, { warn }: DbtProjectOptions): void {
  const found = unreadKeys.filter((key) => config[key] !== undefined && config[key] !== null);
  if (found.length === 0) return;
  warn?.(
    `not read of the profile: ${found.join(', ')}; statements such as "set …" or "load …" may ` +
      'stand in on-run-start',
  );
}

interface Output {
  readonly name: string;
  readonly config: Config;
}

/** The profile's output that is meant; undefined where there is no file of profiles. */
function findOutput(options: DbtProjectOptions, profile: unknown): Output | undefined {
  const { env, folder } = options;
  const home = env['HOME'] ?? env['USERPROFILE'];
  const places = [
    options.profilesFolder ?? env['DBT_PROFILES_DIR'],
    folder,
    ...(home === undefined ? [] : [join(home, '.dbt')]),
  ].filter((place): place is string => place !== undefined);
  const found = places.map((place) => join(resolve(folder, place), profilesFile)).find(existsSync);
  if (found === undefined) return undefined;
  const profiles = readYaml(found, 'profile-invalid');
  const wanted = typeof profile === 'string' ? profile : '';
  const chosen = asConfig(profiles[wanted]);
  const outputs = asConfig(chosen['outputs']);
  if (Object.keys(outputs).length === 0) {
    // A file at home that is about other projects says nothing about this one.
    if (home !== undefined && found === join(home, '.dbt', profilesFile)) return undefined;
    const known = Object.keys(profiles).filter((key) => key !== 'config');
    throw profileError(found, `it has no profile "${wanted}"`, `profiles: ${known.join(', ')}`);
  }
  const fallback = String(render(chosen['target'] ?? 'default', options, found));
  const target = options.target ?? fallback;
  const output = asConfig(outputs[target]);
  if (Object.keys(output).length === 0) {
    const known = Object.keys(outputs).join(', ');
    throw profileError(found, `the profile "${wanted}" has no target "${target}"`, known);
  }
  const type = String(output['type']);
  if (type !== 'duckdb' && options.hasWarehouse) return { name: target, config: {} };
  if (type !== 'duckdb') {
    throw new TerminalError(`${found}:1:1 the target "${target}" is a ${type} warehouse`, {
      code: 'profile-unsupported',
      hint: 'models are built in DuckDB: add an output of type duckdb, or give --warehouse FILE',
    });
  }
  const config = Object.entries(output).map(([key, value]) => [key, render(value, options, found)]);
  return { name: target, config: Object.fromEntries(config) as Config };
}

function profileError(file: string, message: string, known: string): TerminalError {
  return new TerminalError(`${file}:1:1 ${message}`, {
    code: 'profile-invalid',
    hint: `there is: ${known === '' ? 'nothing' : known}`,
  });
}

const call =
  /\{\{\s*(env_var|var)\(\s*(?:'([^']*)'|"([^"]*)")\s*(?:,\s*(?:default\s*=\s*)?(?:'([^']*)'|"([^"]*)"|([\w.]+))\s*)?\)\s*(?:\|\s*(?:as_number|int|as_native|as_bool|as_text|string)\s*)?\}\}/g;

/** Profiles hold `{{ env_var('NAME', 'default') }}`, `{{ var('name') }}` and little else. */
function render(value: unknown, { env, vars = {} }: DbtProjectOptions, file: string): unknown {
  if (typeof value !== 'string' || !value.includes('{{')) return value;
  const text = value.replace(call, (_, kind: string, ...parts: (string | undefined)[]) => {
    const [name = '', quoted, ...fallbacks] = [parts[0] ?? parts[1], ...parts.slice(2, 5)];
    const fallback = [quoted, ...fallbacks].find((one) => one !== undefined);
    const found = (kind === 'var' ? vars[name] : env[name]) ?? fallback;
    if (found !== undefined) return String(found);
    const isVar = kind === 'var';
    throw new TerminalError(`${file}:1:1 it needs ${name}, which is not set`, {
      code: 'profile-invalid',
      hint: isVar
        ? `give --vars '{${name}: …}', or give var a default: what stands in dbt_project.yml is not known here`
        : `set ${name} in the environment, or give env_var a default`,
    });
  });
  if (!text.includes('{{')) return text;
  throw new TerminalError(`${file}:1:1 only env_var and var are understood between {{ and }}`, {
    code: 'profile-invalid',
    hint: 'write the value itself, or one env_var or var',
  });
}

function readYaml(file: string, code: string): Config {
  const faults = collectFaults();
  const yaml = parseYaml(file, requireTextFile(file, code), faults);
  if (yaml !== undefined) return asConfig(yaml.value);
  throw new TerminalError(faults.all.map(formatFault).join('\n'), { code });
}

/**
 * `--vars` and its like: a map as YAML or JSON.
 *
 * @throws TerminalError `vars-invalid`.
 */
export function parseVars(text: string, flag = '--vars'): JsonObject {
  const faults = collectFaults();
  const value = parseYaml(flag, text, faults)?.value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    return value as JsonObject;
  }
  const [fault] = faults.all;
  throw new TerminalError(`${flag} must be a map${fault ? `: ${fault.message}` : ''}`, {
    code: 'vars-invalid',
    hint: `for example ${flag} '{"start_date": "2026-01-01"}'`,
  });
}

const sourceKeys = ['model', 'seed', 'snapshot', 'macro', 'test', 'analysis'] as const;

/** Folders that `clean` removes, and absolute folders it must leave alone. */
export function readCleanTargets({ folder, targetPath }: Pick<Project, 'folder' | 'targetPath'>): {
  readonly targets: readonly string[];
  readonly sources: readonly string[];
} {
  const declared = isDbtProject(folder)
    ? readYaml(join(folder, projectFile), 'project-invalid')
    : {};
  const written = asTexts(declared['clean-targets']);
  const named = sourceKeys.flatMap((key) => asTexts(declared[`${key}-paths`]));
  const plain = sourceKeys.map((key) => (key === 'analysis' ? 'analyses' : `${key}s`));
  return {
    targets: written.length > 0 ? written : [targetPath],
    sources: [...named, ...plain, '.tidemill'].map((path) => resolve(folder, path)),
  };
}
