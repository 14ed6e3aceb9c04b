import type { Config } from '../declare/config.ts';
import type { SourceFreshness } from '../plan/source-freshness.ts';
import { type ArtifactMoment, artifactMetadata, isoTime } from './metadata.ts';

/** dbt's `sources.json`, version 3. */
export interface FreshnessResults {
  readonly metadata: Config;
  readonly results: readonly Config[];
  /** Seconds. */
  readonly elapsed_time: number;
}

const msPerSecond = 1_000;

export function buildFreshnessResults(
  all: readonly SourceFreshness[],
  moment: ArtifactMoment,
): FreshnessResults {
  return {
    metadata: artifactMetadata('sources', moment),
    results: all.map((one) => freshnessOf(one, moment.startedAtMs)),
    elapsed_time: (moment.generatedAtMs - moment.startedAtMs) / msPerSecond,
  };
}

/** A table without a row is as old as time itself, as in dbt. */
function freshnessOf({ node, criteria, result }: SourceFreshness, nowMs: number): Config {
  if ('message' in result) {
    return { unique_id: node.id, error: result.message, status: 'runtime error' };
  }
  return {
    unique_id: node.id,
    max_loaded_at: result.loadedAt ?? isoTime(0),
    snapshotted_at: isoTime(nowMs),
    max_loaded_at_time_ago_in_s: (result.ageMs ?? nowMs) / msPerSecond,
    status: result.status,
    criteria: {
      warn_after: criteria['warn_after'] ?? null,
      error_after: criteria['error_after'] ?? null,
      filter: criteria['filter'] ?? null,
    },
    adapter_response: {},
    timing: [],
    thread_id: 'main',
    execution_time: 0,
  };
}
