import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { requireTextFile } from '../text-file.ts';

export interface Environment {
  get(name: string): string | undefined;
  /** Every place that was looked at, for the message about a missing name. */
  readonly places: readonly string[];
}

/** The process environment first, then `.env` beside `pipelines.yaml`. */
export function readEnvironment(
  folder: string,
  processEnv: Readonly<Record<string, string | undefined>>,
): Environment {
  const file = join(folder, '.env');
  const entries = existsSync(file)
    ? parseEnv(requireTextFile(file, 'environment-unreadable'))
    : undefined;
  return {
    get: (name) => processEnv[name] ?? entries?.[name],
    places: ['the environment', entries ? file : `${file} (no such file)`],
  };
}

export interface Substitution {
  readonly value: string;
  readonly names: readonly string[];
  readonly missing: readonly string[];
}

/** Replaces every `${env:NAME}`. */
export function substitute(text: string, environment: Environment): Substitution {
  const names: string[] = [];
  const missing: string[] = [];
  const value = text.replace(/\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    names.push(name);
    const found = environment.get(name);
    if (found === undefined) missing.push(name);
    return found ?? whole;
  });
  return { value, names, missing };
}
