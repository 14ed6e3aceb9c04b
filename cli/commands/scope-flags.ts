import { type Command, InvalidArgumentError, Option } from 'commander';
import { resourceTypes } from '../../engine/declare/graph.ts';
import { type IndirectSelection, indirectSelections } from '../../engine/declare/selection-spec.ts';
import type { RunOptions } from '../work.ts';
import { wholeNumber } from './flags.ts';

export interface ScopeFlags {
  readonly select?: string[];
  readonly exclude?: string[];
  readonly selector?: string;
  readonly state?: string;
  readonly defer?: boolean;
  readonly favorState?: boolean;
  readonly indirectSelection?: IndirectSelection;
  readonly fullRefresh?: boolean;
  /** False where it was said: true is the default. */
  readonly reuse?: boolean;
  readonly threads?: number;
  readonly storeFailures?: boolean;
  readonly resourceType?: readonly string[];
  readonly excludeResourceType?: readonly string[];
  readonly failFast?: boolean;
}

/** Flags that choose nodes. */
export function selectFlags(command: Command): Command {
  // dbt's older names of the same.
  const select = (value: string): void => {
    const before = (command.opts()['select'] ?? []) as readonly string[];
    command.setOptionValueWithSource('select', [...before, value], 'cli');
  };
  return command
    .addOption(new Option('-m, --models <selector...>').hideHelp())
    .addOption(new Option('--model <selector...>').hideHelp())
    .on('option:models', select)
    .on('option:model', select)
    .option('-s, --select <selector...>', 'only these: name, +name, name+, tag:, path:, source:')
    .option('--exclude <selector...>', 'all but these')
    .option('--state <folder>', 'artifacts of an earlier run, for state: and result:')
    .option('--selector <name>', 'a selection of selectors.yml, in place of the two')
    .addOption(
      new Option('--indirect-selection <how>', 'which tests come along with their nodes').choices([
        ...indirectSelections,
      ]),
    );
}

/** Where nodes that are not meant are read. */
export function deferFlags(command: Command): Command {
  return command
    .option('--defer', 'read nodes that are not meant where --state has them, if not here')
    .option('--favor-state', 'with --defer: there, even if they are here')
    .addOption(new Option('--no-defer').hideHelp())
    .addOption(new Option('--no-favor-state').hideHelp())
    .addOption(new Option('--defer-state <folder>').hideHelp())
    .on('option:defer-state', (folder: string) => command.setOptionValue('state', folder));
}

/** Which kinds of nodes are meant, of those that are chosen. */
export function typeFlags(command: Command): Command {
  const types = (flags: string, what: string) =>
    new Option(flags, what).choices(resourceTypes).argParser(readTypes);
  return command
    .addOption(types('--resource-type <type...>', 'only nodes of these types'))
    .addOption(types('--exclude-resource-type <type...>', 'no nodes of these types'))
    .addOption(types('--resource-types <type...>', 'dbt’s other name').hideHelp())
    .addOption(types('--exclude-resource-types <type...>', 'dbt’s other name').hideHelp())
    .on('option:resource-types', addTo(command, 'resourceType'))
    .on('option:exclude-resource-types', addTo(command, 'excludeResourceType'));
}

/** What dbt's other name of an option is given is the option's. */
const addTo =
  (command: Command, key: string) =>
  (type: string): void => {
    const before = (command.opts()[key] ?? []) as readonly string[];
    command.setOptionValueWithSource(key, readTypes(type, before), 'cli');
  };

/** dbt's words for every type that a command knows. */
const everyType: ReadonlySet<string> = new Set(['all', 'default']);

/** One type, or several in one text, as dbt takes them too. */
function readTypes(line: string, before: readonly string[] = []): readonly string[] {
  const types = line.split(' ').filter((word) => word !== '');
  const unknown = types.find(
    (type) => !everyType.has(type) && !resourceTypes.some((known) => known === type),
  );
  if (unknown === undefined && types.length > 0) return [...before, ...types];
  throw new InvalidArgumentError(`Allowed choices are ${resourceTypes.join(', ')}.`);
}

/** The flags that every command about steps has. */
export function scopeFlags(command: Command): Command {
  return typeFlags(deferFlags(selectFlags(command)))
    .option('-f, --full-refresh', 'read and build from nothing')
    .option('--no-reuse', 'build also what nothing has changed of')
    .option('-x, --fail-fast', 'start nothing more once a step has failed')
    .addOption(new Option('--no-fail-fast').hideHelp())
    .addOption(new Option('--no-empty').hideHelp())
    .option('--threads <number>', 'steps under way at once', wholeNumber(1, 64));
}

export function toTypes({
  resourceType,
  excludeResourceType,
}: ScopeFlags): Pick<RunOptions, 'resourceTypes' | 'excludedTypes'> {
  return {
    ...(resourceType && !resourceType.some((type) => everyType.has(type))
      ? { resourceTypes: resourceType }
      : {}),
    ...(excludeResourceType ? { excludedTypes: excludeResourceType } : {}),
  };
}

export function toScope(flags: ScopeFlags): RunOptions {
  return {
    ...(flags.select ? { select: flags.select } : {}),
    ...(flags.exclude ? { exclude: flags.exclude } : {}),
    ...(flags.state === undefined ? {} : { previousArtifacts: flags.state }),
    ...(flags.defer ? { defer: flags.favorState ? 'always' : 'missing' } : {}),
    ...(flags.selector === undefined ? {} : { selector: flags.selector }),
    ...(flags.indirectSelection ? { indirectSelection: flags.indirectSelection } : {}),
    ...toTypes(flags),
    ...(flags.failFast ? { failFast: true } : {}),
    ...(flags.fullRefresh ? { fullRefresh: true } : {}),
    ...(flags.reuse === false ? { withoutReuse: true } : {}),
    ...(flags.storeFailures ? { storeFailures: true } : {}),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  };
}
