import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';

type Env = Readonly<Record<string, string | undefined>>;

/** Flags of dbt about its own machinery: taken, so that a command line of dbt's runs here. */
const idleSwitches = [
  'cache-selected-only',
  'clean-project-files-only',
  'inject-ephemeral-ctes',
  'skip-profile-setup',
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
  'empty-catalog': 'catalog.json tells of what stands',
  'export-saved-queries': 'nothing is built for saved queries',
  'include-saved-query': 'nothing is built for saved queries',
  show: '`tidemill show --select NAME` shows rows of a node',
  static: 'there is no site: tools read catalog.json and manifest.json',
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
};

/** Flags of commands that dbt also takes before the command, and where they mean nothing. */
const movable = [
  '-x, --fail-fast',
  '--no-fail-fast',
  '--defer',
  '--no-defer',
  '--favor-state',
  '--no-favor-state',
  '--state <folder>',
  '--defer-state <folder>',
  '--indirect-selection <how>',
  '--threads <number>',
] as const;

/** Flags of dbt that every command takes, none of which help lists. */
export function addDbtFlags(program: Command, note: (text: string) => void): void {
  const add = (flags: string): unknown => program.addOption(new Option(flags).hideHelp());
  for (const name of [...idleSwitches, ...Object.keys(toldSwitches)]) {
    add(`--${name}`);
    add(`--no-${name}`);
  }
  for (const name of [...idleValues, ...Object.keys(toldValues)]) add(`--${name} <value>`);
  for (const flags of ['--no-warn-error', ...movable]) add(flags);
  for (const [name, instead] of Object.entries({ ...toldSwitches, ...toldValues })) {
    const tell = (flag: string) => () => note(`warning: ${flag} has no effect: ${instead}`);
    program.on(`option:${name}`, tell(`--${name}`));
    program.on(`option:no-${name}`, tell(`--no-${name}`));
  }
}

/** Hands flags that stand before the command, or on one that has them not, to who means them. */
export function moveDbtFlags(program: Command, command: Command): void {
  for (const flags of movable) {
    const key = new Option(flags).attributeName();
    if (program.getOptionValueSource(key) !== 'cli') continue;
    const meant = key === 'deferState' ? 'state' : key;
    const option = command.options.find((one) => one.attributeName() === meant && !one.negate);
    if (!option) continue;
    const value: unknown = program.getOptionValue(key);
    const read = typeof value === 'string' ? readOrFail(program, option, value) : value;
    command.setOptionValueWithSource(meant, read, 'cli');
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
  DBT_TARGET_PATH: 'targetPath',
  DBT_WARN_ERROR: 'warnError',
  DBT_WARN_ERROR_OPTIONS: 'warnErrorOptions',
};

/** Keys of `flags:` in `dbt_project.yml` that are options of a command. */
const projectFlags: Readonly<Record<string, string>> = {
  fail_fast: 'failFast',
  indirect_selection: 'indirectSelection',
  source_freshness_run_project_hooks: 'projectHooks',
  warn_error: 'warnError',
  warn_error_options: 'warnErrorOptions',
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
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    if (option) setDefault(program, command, option, text, `flags.${key}`);
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
  const { asConfig } = await import('../engine/declare/config.ts');
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
    const value = isSwitch
      ? truths.has(text.toLowerCase())
      : readOrFail(program, option, text, source);
    owner.setOptionValueWithSource(key, value, 'env');
  }
}

function readOrFail(program: Command, option: Option, text: string, source?: string): unknown {
  try {
    return readValue(option, text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const what = source === undefined ? option.long : `${option.long} by ${source}`;
    return program.error(`error: "${text}" is invalid for ${what}. ${error.message}`);
  }
}

function readValue(option: Option, text: string): unknown {
  const parse = (value: string): unknown =>
    option.parseArg ? option.parseArg(value, undefined) : value;
  if (!option.variadic) return parse(text);
  return text.split(/[\s,]+/).flatMap((word) => parse(word) as string | string[]);
}
