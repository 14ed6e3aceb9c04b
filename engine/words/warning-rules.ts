import { TerminalError } from './errors.ts';
import { didYouMean } from './suggest.ts';

/** dbt's `warn_error_options`: what becomes of a warning, by dbt's name of its kind. */
export interface WarningRules {
  readonly errors: 'all' | readonly string[];
  readonly warnings: readonly string[];
  readonly silent: readonly string[];
}

export type Judgement = 'error' | 'warning' | 'silent';

/** What makes an error of a warning, as people read it. */
export const refusingFlags = '--warn-error or warn_error_options';

/** Every kind that dbt gives a name which ends in `Deprecation`. */
const group = 'Deprecations';

/**
 * As dbt decides: a kind's own name before its group's, and that before `all`; of two lists that
 * name the same the milder one holds. A warning that dbt has no name for is among `all`.
 */
export function judgeWarning(rules: WarningRules | undefined, name?: string): Judgement {
  if (rules === undefined) return 'warning';
  const { errors, warnings, silent } = rules;
  const inGroup = name?.endsWith('Deprecation') && name !== 'UpcomingReferenceDeprecation';
  for (const asked of [name, inGroup ? group : undefined]) {
    if (asked === undefined) continue;
    if (silent.includes(asked)) return 'silent';
    if (warnings.includes(asked)) return 'warning';
    if (errors !== 'all' && errors.includes(asked)) return 'error';
  }
  return errors === 'all' ? 'error' : 'warning';
}

/**
 * What is left to tell of warnings of one kind.
 *
 * @throws TerminalError `warning-refused` where the kind is to be an error.
 */
export function tellWarnings(
  rules: WarningRules | undefined,
  name: string,
  warnings: readonly string[],
): readonly string[] {
  if (warnings.length === 0) return warnings;
  const judged = judgeWarning(rules, name);
  if (judged !== 'error') return judged === 'silent' ? [] : warnings;
  throw new TerminalError(`${warnings.join('; ')} (an error by ${refusingFlags})`, {
    code: 'warning-refused',
    hint: `mend what is named, or put ${name} under warn: or silence: of warn_error_options`,
  });
}

/** Reads the map of `--warn-error-options` or of `flags:`; `include` and `exclude` are its past. */
export function readWarningRules(written: Readonly<Record<string, unknown>>): WarningRules {
  const twice = (['error', 'warn'] as const).find((key) => {
    return written[key] !== undefined && written[former[key]] !== undefined;
  });
  if (twice) throw invalid(`${twice} and ${former[twice]} are the same`, `keep ${twice}`);
  const unknown = Object.keys(written).find((key) => !keys.includes(key));
  if (unknown !== undefined) {
    throw invalid(`the key "${unknown}" is unknown${didYouMean(unknown, keys)}`, shape);
  }
  const error = written['error'] ?? written['include'] ?? [];
  return {
    errors: error === 'all' || error === '*' ? 'all' : readNames('error', error),
    warnings: readNames('warn', written['warn'] ?? written['exclude'] ?? []),
    silent: readNames('silence', written['silence'] ?? []),
  };
}

const former = { error: 'include', warn: 'exclude' } as const;
const keys = ['error', 'warn', 'silence', 'include', 'exclude'];
const shape = 'write it as {error: all, warn: [NoNodesForSelectionCriteria], silence: []}';

function readNames(key: string, value: unknown): string[] {
  if (!Array.isArray(value)) throw invalid(`${key} is no list of names`, shape);
  const names = value.map(String);
  const unknown = names.find((name) => name !== group && !dbtNames.has(name));
  if (unknown === undefined) return names;
  const meant = didYouMean(unknown, [...dbtNames, group]);
  throw invalid(`dbt has no warning "${unknown}"${meant}`, 'leave it out');
}

const invalid = (what: string, hint: string): TerminalError =>
  new TerminalError(`warn_error_options: ${what}`, { code: 'warning-rules-invalid', hint });

/** Also kinds that are never told here: a project of dbt's may name them. */
const dbtNames: ReadonlySet<string> = new Set(
  `AdapterDeprecationWarning AdapterEventWarning ArgumentsPropertyInGenericTestDeprecation
  BehaviorChangeEvent CatalogGenerationError CollectFreshnessReturnSignature
  ConfigDataPathDeprecation ConfigLogPathDeprecation ConfigSourcePathDeprecation
  ConfigTargetPathDeprecation ConstraintNotEnforced ConstraintNotSupported
  CustomKeyInConfigDeprecation CustomKeyInObjectDeprecation
  CustomOutputPathInSourceFreshnessDeprecation CustomTopLevelKeyDeprecation DeprecatedModel
  DeprecatedReference DeprecationsSummary DepsScrubbedPackageName DepsUnpinned
  DuplicateYAMLKeysDeprecation EnvironmentVariableNamespaceDeprecation
  EnvironmentVariableRenamed ExposureNameDeprecation FreshnessConfigProblem
  GenericJSONSchemaValidationDeprecation GetMetaKeyWarning InternalDeprecation
  InvalidConcurrentBatchesConfig InvalidMacroAnnotation InvalidValueForField JinjaLogWarning
  LogBatchResult LogFreshnessResult LogModelResult LogNodeResult LogSeedResult
  LogSnapshotResult LogTestResult MFCumulativeTypeParamsDeprecation
  MFTimespineWithoutYamlConfigurationDeprecation MacroNotFoundForPatch MetricAttributesRenamed
  MicrobatchMacroOutsideOfBatchesDeprecation MicrobatchModelNoEventTimeInputs
  MissingArgumentsPropertyInGenericTestDeprecation MissingPlusPrefixDeprecation
  ModelParamUsageDeprecation ModulesItertoolsUsageDeprecation NoNodeForYamlKey
  NoNodesForSelectionCriteria NoNodesSelected NodeNotFoundOrDisabled NothingToDo
  PackageInstallPathDeprecation PackageMaterializationOverrideDeprecation
  PackageRedirectDeprecation ProjectFlagsMovedDeprecation PropertyMovedToConfigDeprecation
  ResourceNamesWithSpacesDeprecation RunResultWarning RunResultWarningMessage
  SeedExceedsLimitAndPathChanged SeedExceedsLimitChecksumChanged SeedExceedsLimitSamePath
  SeedIncreased SemanticValidationFailure SnapshotTimestampWarning
  SourceFreshnessProjectHooksNotRun SourceOverrideDeprecation SpacesInResourceNameDeprecation
  TestsConfigDeprecation UnexpectedJinjaBlockDeprecation UnsupportedConstraintMaterialization
  UnusedResourceConfigPath UnusedTables UnversionedBreakingChange UpcomingReferenceDeprecation
  ValidationWarning WEOIncludeExcludeDeprecation WarnStateTargetEqual
  WrongResourceSchemaFile`.split(/\s+/),
);
