import type { Command } from 'commander';
import type { OpenProjectOptions } from './open-project.ts';

/** Which project is meant, and what is said about it from outside: flags of every command. */
export function addProjectFlags(program: Command): Command {
  return program
    .option('--project-dir <folder>', 'the folder of pipelines.yaml or dbt_project.yml', '.')
    .option('--vars <map>', 'variables of models, as YAML or JSON; they win')
    .option('--warehouse <file>', 'the DuckDB file to build in, instead of the declared one')
    .option('--target <name>', "dbt projects: the profile's target")
    .option('--profiles-dir <folder>', 'dbt projects: the folder of profiles.yml');
}

export async function readProjectFlags(
  flags: Readonly<Record<string, unknown>>,
): Promise<OpenProjectOptions> {
  const text = (key: string): string | undefined => {
    const value = flags[key];
    return typeof value === 'string' ? value : undefined;
  };
  const [vars, warehouse] = [text('vars'), text('warehouse')];
  const [target, profilesFolder] = [text('target'), text('profilesDir')];
  const { parseVars } = await import('../engine/declare/project/dbt-project.ts');
  return {
    folder: text('projectDir') ?? '.',
    ...(vars === undefined ? {} : { vars: parseVars(vars) }),
    ...(warehouse === undefined ? {} : { warehouse }),
    ...(target === undefined ? {} : { target }),
    ...(profilesFolder === undefined ? {} : { profilesFolder }),
  };
}
