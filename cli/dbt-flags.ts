import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';

type Env = Readonly<Record<string, string | undefined>>;

/** Flags of dbt about its own machinery: taken, so that a command line of dbt's runs here. */
const idleSwitches = [
  'cache-selected-only',
  'introspect',
  'log-cache-events',
  'macro-debugging',
  'partial-parse',
  'partial-parse-file-diff',
  'populate-cache',
  'print',
  'send-anonymous-usage-stats',
  'show-all-deprecations',
  'single-threaded',
  'static-parser',
  'upload-to-artifacts-ingest-api',
  'use-colors-file',
  'use-experimental-parser',
  'use-fast-test-edges',
  'version-check',
] as const;
const idleValues = ['log-file-max-bytes', 'partial-parse-file-path', 'printer-width'] as const;

/** Flags of dbt that have another name here, or none: what to do instead. */
const toldSwitches: Readonly<Record<string, string>> = {
  debug: '`tidemill runs` tells what each step came to',
  'use-colors': 'the variable NO_COLOR of the environment turns colors off',
  'write-json': 'artifacts are written to target/ by every run',
};
const noLog = 'there is no log file: `tidemill runs` tells what each step came to';
const toldValues: Readonly<Record<string, string>> = {
  'log-format': 'the result is one JSON object with --json',
  'log-format-file': noLog,
  'log-level': '--quiet leaves out all but faults',
  'log-level-file': noLog,
  'log-path': noLog,
  'record-timing-info': '`tidemill runs` tells how long each step took',
  'target-path': 'artifacts are written to target/ in the project’s folder',
  'warn-error-options': '--warn-error makes every warning an error; one alone cannot be named',
};

/** Flags of dbt that every command takes, none of which help lists. */
export function addDbtFlags(program: Command, note: (text: string) => void): void {
  const add = (flags: string): unknown => program.addOption(new Option(flags).hideHelp());
  for (const name of [...idleSwitches, ...Object.keys(toldSwitches)]) {
    add(`--${name}`);
    add(`--no-${name}`);
  }
  for (const name of [...idleValues, ...Object.keys(toldValues)]) add(`--${name} <value>`);
  for (const [name, instead] of Object.entries({ ...toldSwitches, ...toldValues })) {
    const tell = (flag: string) => () => note(`warning: ${flag} has no effect: ${instead}`);
    program.on(`option:${name}`, tell(`--${name}`));
    program.on(`option:no-${name}`, tell(`--no-${name}`));
  }
}

/** Variables of the environment that dbt reads flags from, and the options they stand for. */
const environment: Readonly<Record<string, string>> = {
  DBT_DEFER: 'defer',
  DBT_EMPTY: 'empty',
  DBT_EVENT_TIME_END: 'eventTimeEnd',
  DBT_EVENT_TIME_START: 'eventTimeStart',
  DBT_EXCLUDE_RESOURCE_TYPES: 'excludeResourceType',
  DBT_FAIL_FAST: 'failFast',
  DBT_FAVOR_STATE: 'favorState',
  DBT_FULL_REFRESH: 'fullRefresh',
  DBT_INDIRECT_SELECTION: 'indirectSelection',
  DBT_PROFILE: 'profile',
  DBT_QUIET: 'quiet',
  DBT_RESOURCE_TYPES: 'resourceType',
  DBT_SAMPLE: 'sample',
  DBT_STATE: 'state',
  DBT_STORE_FAILURES: 'storeFailures',
  DBT_TARGET: 'target',
  DBT_WARN_ERROR: 'warnError',
};

/** Keys of `flags:` in `dbt_project.yml` that are options of a command. */
const projectFlags: Readonly<Record<string, string>> = {
  fail_fast: 'failFast',
  indirect_selection: 'indirectSelection',
  warn_error: 'warnError',
};

/**
 * What the environment and `flags:` of `dbt_project.yml` say in place of flags that are not given:
 * in a dbt project alone, since elsewhere nobody means them.
 */
export async function applyDbtDefaults(
  program: Command,
  command: Command,
  env: Env,
): Promise<void> {
  const given = env['DBT_PROJECT_DIR'];
  const isElsewhere = program.getOptionValueSource('projectDir') === 'default';
  if (given && isElsewhere && !existsSync('pipelines.yaml')) {
    program.setOptionValueWithSource('projectDir', given, 'env');
  }
  const folder = String(program.opts()['projectDir']);
  const has = (file: string): boolean => existsSync(join(folder, file));
  if (!has('dbt_project.yml') || has('pipelines.yaml')) return;
  for (const [key, value] of Object.entries(await readProjectFlags(folder))) {
    const option = projectFlags[key];
    if (option) setDefault(program, command, option, String(value), `flags.${key}`);
  }
  for (const [name, option] of Object.entries(environment)) {
    const value = env[name];
    if (value) setDefault(program, command, option, value, name);
  }
}

async function readProjectFlags(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(folder, 'dbt_project.yml');
  const text = readFileSync(file, 'utf8');
  if (!/^flags\s*:/m.test(text)) return {};
  const { parseYaml } = await import('../engine/declare/yaml-file.ts');
  const { collectFaults } = await import('../engine/declare/model-fault.ts');
  const { asConfig } = await import('../engine/declare/properties.ts');
  return asConfig(asConfig(parseYaml(file, text, collectFaults())?.value)['flags']);
}

const truths: ReadonlySet<string> = new Set(['1', 'true', 't', 'yes', 'y', 'on']);

function setDefault(
  program: Command,
  command: Command,
  key: string,
  text: string,
  source: string,
): void {
  for (const owner of [program, command]) {
    const option = owner.options.find((one) => one.attributeName() === key && !one.negate);
    if (!option || owner.getOptionValueSource(key) === 'cli') continue;
    const isSwitch = !option.required && !option.optional;
    try {
      const value = isSwitch ? truths.has(text.toLowerCase()) : readValue(option, text);
      owner.setOptionValueWithSource(key, value, 'env');
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      program.error(`error: ${source} "${text}" is invalid for ${option.long}. ${error.message}`);
    }
  }
}

function readValue(option: Option, text: string): unknown {
  const parse = (value: string): unknown =>
    option.parseArg ? option.parseArg(value, undefined) : value;
  if (!option.variadic) return parse(text);
  return text.split(/[\s,]+/).flatMap((word) => parse(word) as string | string[]);
}
