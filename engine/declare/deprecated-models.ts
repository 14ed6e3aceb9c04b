import { parseMoment } from '../words/batch-time.ts';
import type { FaultList } from './model-fault.ts';
import type { AnalysisNode, ModelNode } from './model-node.ts';

/** When a model is not to be used any more; undefined where it does not say so, or says no date. */
export function deprecatedAtMs({ nodeConfig }: ModelNode): number | undefined {
  const { deprecation_date: date } = nodeConfig.raw;
  if (typeof date !== 'string') return undefined;
  const ms = parseMoment(date);
  return Number.isNaN(ms) ? undefined : ms;
}

/**
 * What dbt says of models with a `deprecation_date`, and of what refers to one. It depends on
 * the day: each fault says from when or until when it is to be told.
 */
export function reportDeprecated(
  models: readonly (ModelNode | AnalysisNode)[],
  faults: FaultList,
): void {
  const byId = new Map<string, Deprecated>();
  for (const node of models) {
    if (node.resourceType !== 'model') continue;
    const atMs = deprecatedAtMs(node);
    if (atMs !== undefined) byId.set(node.id, { node, atMs });
  }
  if (byId.size === 0) return;
  for (const { node, atMs } of byId.values()) {
    faults.warn(
      { file: node.file, line: 1, column: 1 },
      `${nameOf(node)} has passed its deprecation date of ${dayOf(atMs)}`,
      {
        name: 'DeprecatedModel',
        fromMs: atMs,
        hint: 'disable or remove it, or set a later deprecation_date',
      },
    );
  }
  for (const reader of models) {
    if (reader.resourceType !== 'model' && reader.resourceType !== 'analysis') continue;
    for (const id of reader.dependsOn) {
      const deprecated = byId.get(id);
      if (deprecated) reportReader(reader, deprecated, faults);
    }
  }
}

interface Deprecated {
  readonly node: ModelNode;
  readonly atMs: number;
}

function reportReader(
  reader: ModelNode | AnalysisNode,
  { node, atMs }: Deprecated,
  faults: FaultList,
): void {
  const calls = reader.refs.filter(({ name }) => name === node.name);
  const call = calls.find(({ version }) => String(version) === node.version) ?? calls[0];
  const place = call?.place ?? { file: reader.file, line: 1, column: 1 };
  const newest = node.latestVersion;
  const isOld = node.version !== undefined && newest !== undefined && newest !== node.version;
  const hint = isOld
    ? `version ${newest} is there: {{ ref('${node.packageName}', '${node.name}', v='${newest}') }}`
    : `its description may say what takes its place: \`tidemill ls --select ${node.name}+\` shows who reads it`;
  const what = `${reader.name} refers to ${nameOf(node)}`;
  faults.warn(place, `${what}, which is deprecated since ${dayOf(atMs)}`, {
    name: 'DeprecatedReference',
    fromMs: atMs,
    hint,
  });
  faults.warn(place, `${what}, which will be deprecated on ${dayOf(atMs)}`, {
    name: 'UpcomingReferenceDeprecation',
    untilMs: atMs,
    hint,
  });
}

const nameOf = ({ name, version }: ModelNode): string =>
  version === undefined ? `the model ${name}` : `version ${version} of the model ${name}`;

/** The time as well, where it is not midnight in UTC. */
const dayOf = (ms: number): string => new Date(ms).toISOString().replace(/T00:00:00.000Z$/, '');
