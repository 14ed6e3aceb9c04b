import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
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
  readonly threads?: number;
  readonly storeFailures?: boolean;
}

/** Flags that choose nodes. */
export function selectFlags(command: Command): Command {
  return command
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
    .option('--favor-state', 'with --defer: there, even if they are here');
}

/** The flags that every command about steps has. */
export function scopeFlags(command: Command): Command {
  return deferFlags(selectFlags(command))
    .option('--full-refresh', 'read and build from nothing')
    .option('--threads <number>', 'steps under way at once', wholeNumber(1, 64));
}

export function toScope(flags: ScopeFlags): RunOptions {
  return {
    ...(flags.select ? { select: flags.select } : {}),
    ...(flags.exclude ? { exclude: flags.exclude } : {}),
    ...(flags.state === undefined ? {} : { previousArtifacts: resolve(flags.state) }),
    ...(flags.defer ? { defer: flags.favorState ? 'always' : 'missing' } : {}),
    ...(flags.selector === undefined ? {} : { selector: flags.selector }),
    ...(flags.indirectSelection ? { indirectSelection: flags.indirectSelection } : {}),
    ...(flags.fullRefresh ? { fullRefresh: true } : {}),
    ...(flags.storeFailures ? { storeFailures: true } : {}),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  };
}
