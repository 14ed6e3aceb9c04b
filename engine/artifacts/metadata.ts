import { isSecretName } from '../words/secret-name.ts';

/** When and by which call of the program an artifact was made. */
export interface ArtifactMoment {
  readonly invocationId: string;
  readonly startedAtMs: number;
  readonly generatedAtMs: number;
  /** What whoever started the program wants artifacts to say. */
  readonly env?: Readonly<Record<string, string>>;
}

const artifactVersions = {
  manifest: 'manifest/v12',
  run_results: 'run-results/v6',
  sources: 'sources/v3',
  catalog: 'catalog/v1',
} as const;
export type ArtifactName = keyof typeof artifactVersions;

/** The release of dbt whose artifacts ours are like. */
const dbtVersion = '1.10.0';

/** The head that dbt gives every artifact: its schema's address and when it was made. */
export function artifactMetadata(
  name: ArtifactName,
  moment: ArtifactMoment,
): Readonly<Record<string, unknown>> {
  return {
    dbt_schema_version: `https://schemas.getdbt.com/dbt/${artifactVersions[name]}.json`,
    dbt_version: dbtVersion,
    generated_at: isoTime(moment.generatedAtMs),
    invocation_id: moment.invocationId,
    invocation_started_at: isoTime(moment.startedAtMs),
    env: moment.env ?? {},
  };
}

const envPrefix = 'DBT_ENV_CUSTOM_ENV_';

/** What of the environment is meant for artifacts, as in dbt, but for names of secrets. */
export function envOfArtifacts(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    name.startsWith(envPrefix) && value !== undefined && !isSecretName(name)
      ? [[name.slice(envPrefix.length), value] as const]
      : [],
  );
  return Object.fromEntries(entries.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
