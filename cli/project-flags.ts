import type { Command } from 'commander';
import { readWarningRules, type WarningRules } from '../engine/words/warning-rules.ts';
import type { OpenProjectOptions } from './open-project.ts';

/** Which project is meant, and what is said about it from outside: flags of every command. */
export function addProjectFlags(program: Command): Command {
  return program
    .option('--project-dir <folder>', 'the folder of pipelines.yaml or dbt_project.yml', '.')
    .option('--vars <map>', 'variables of models, as YAML or JSON; they win')
    .option('--warehouse <file>', 'the DuckDB file to build in, instead of the declared one')
    .option('-t, --target <name>', "dbt projects: the profile's target")
    .option('--profile <name>', 'dbt projects: the profile, instead of the one of dbt_project.yml')
    .option('--profiles-dir <folder>', 'dbt projects: the folder of profiles.yml')
    .option(
      '--target-path <folder>',
      'where artifacts are written, from the project; default target',
    )
    .option('--warn-error', 'a warning is a failure')
    .option('--warn-error-options <map>', 'which warnings are errors: {error: all, warn: [...]}')
    .option('-q, --quiet', 'results and faults alone');
}

export async function readProjectFlags(
  flags: Readonly<Record<string, unknown>>,
): Promise<OpenProjectOptions> {
  const text = (key: string): string | undefined => {
    const value = flags[key];
    return typeof value === 'string' ? value : undefined;
  };
  const [vars, warehouse] = [text('vars'), text('warehouse')];
  const [target, profile] = [text('target'), text('profile')];
  const [profilesFolder, targetPath] = [text('profilesDir'), text('targetPath')];
  const isWarnError = flags['warnError'] === true;
  const rules = text('warnErrorOptions') ?? (isWarnError ? '{}' : undefined);
  const { parseVars } = await import('../engine/declare/project/dbt-project.ts');
  return {
    folder: text('projectDir') ?? '.',
    ...(vars === undefined ? {} : { vars: parseVars(vars) }),
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(target === undefined ? {} : { target }),
    ...(profile === undefined ? {} : { profile }),
    ...(profilesFolder === undefined ? {} : { profilesFolder }),
    ...(targetPath === undefined ? {} : { targetPath }),
    ...(rules === undefined
      ? {}
      : { warningRules: readRules(parseVars(rules, '--warn-error-options'), isWarnError) }),
  };
}

function readRules(written: Readonly<Record<string, unknown>>, isWarnError: boolean): WarningRules {
  const rules = readWarningRules(written);
  return isWarnError ? { ...rules, errors: 'all' } : rules;
}
