import { didYouMean } from '../words/suggest.ts';
import { bystander } from './bystander.ts';
import { asConfig, asList, asTexts, mergeConfig } from './config.ts';
import type { Switched } from './enabled-config.ts';
import { renderEntryConfig } from './entry-config.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { collectFaults, type FaultList, type Place } from './model-fault.ts';
import type { ExposureNode, ModelNode, SourceNode } from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import { type Reading, renderNode, stillMoment } from './node-render.ts';
import type { RenderTrace } from './node-scope.ts';
import { mergeFolders, type PackageSource } from './package-source.ts';
import type { PlacedEntry } from './properties.ts';
import type { SemanticNode } from './semantic-node.ts';
import type { SourceIndex } from './source-index.ts';
import { reportTemplateError } from './template-fault.ts';
import { foldersOf } from './yaml-folders.ts';

const exposureTypes = ['dashboard', 'notebook', 'analysis', 'ml', 'application'] as const;
const maturities = ['low', 'medium', 'high'] as const;

export interface ExposureSources {
  readonly packages: readonly PackageSource[];
  readonly refs: NodeIndex<ModelNode>;
  readonly sources: SourceIndex;
  readonly reading: Reading;
  readonly semantics: readonly SemanticNode[];
}

interface Missing {
  readonly complaint: string;
  readonly hint?: string;
}

/**
 * `exposures:` of every package: what is made of the models outside the warehouse. Their faults
 * name no node: nothing is built for an exposure, so that they would be told by no step.
 */
export async function buildExposures(
  from: ExposureSources,
  faults: FaultList,
): Promise<Switched<ExposureNode>> {
  const found = new Map<string, ExposureNode>();
  const off: ExposureNode[] = [];
  for (const pack of from.packages) {
    for (const placed of pack.properties.exposures ?? []) {
      const node = await buildExposure(from, pack, placed, faults);
      if (node === undefined) continue;
      const first = found.get(node.id);
      if (node.config['enabled'] === false) off.push(node);
      else if (first === undefined) found.set(node.id, node);
      else {
        const message = `the exposure "${node.name}" is written twice; the other is in ${first.file}`;
        faults.error(node.place, message, { hint: 'rename one of them' });
      }
    }
  }
  return { on: [...found.values()], off };
}

async function buildExposure(
  from: ExposureSources,
  pack: PackageSource,
  placed: PlacedEntry,
  faults: FaultList,
): Promise<ExposureNode | undefined> {
  const { entry, place } = placed;
  const name = String(entry['name'] ?? '');
  const id = `exposure.${pack.name}.${name}`;
  for (const complaint of complainOf(name, entry)) faults.error(place, complaint);
  const beside = { tags: asTexts(entry['tags']), meta: asConfig(entry['meta']) };
  const fqn = [pack.name, ...foldersOf(pack, place.file), name];
  const own = mergeConfig(beside, asConfig(entry['config']));
  const written = mergeFolders([from.packages[0], pack], 'exposures', fqn, own);
  const about = {
    id,
    name,
    packageName: pack.name,
    file: place.file,
    fqn,
    resourceType: 'exposure',
  };
  const config = await renderEntryConfig(from.reading, about, written, { place, faults });
  if (name === '') return undefined;
  const isOn = config['enabled'] !== false;
  // What is switched off may name what is not there.
  const told = isOn ? faults : collectFaults();
  const calls = await renderCalls(from, pack, id, placed, told);
  const dependsOn = new Set<string>();
  for (const { trace, place: at } of isOn ? calls : []) {
    const targets: (ModelNode | SourceNode | Missing)[] = [
      ...trace.refs.map((call) => from.refs.find(call, pack.name)),
      ...trace.sources.map((call) => from.sources.find(call.source, call.table, pack.name)),
    ];
    for (const target of targets) {
      if ('id' in target) dependsOn.add(target.id);
      else {
        const { complaint, hint } = target;
        faults.error(at, complaint, hint === undefined ? {} : { hint });
      }
    }
  }
  const metrics = isOn ? readMetrics(from, placed, faults) : [];
  for (const metric of metrics) dependsOn.add(metric.id);
  return {
    id,
    name,
    resourceType: 'exposure',
    metrics: metrics.map((metric) => metric.name),
    packageName: pack.name,
    fqn,
    file: place.file,
    tags: asTexts(config['tags']),
    config,
    dependsOn: [...dependsOn],
    entry,
    refs: calls.flatMap(({ trace }) => trace.refs),
    sources: calls.flatMap(({ trace }) => trace.sources),
    place,
  };
}

const metricPattern = /^\s*metric\s*\(\s*(?:['"](\w+)['"]\s*,\s*)?['"](\w+)['"]\s*\)\s*$/;

function readMetrics(
  { semantics }: ExposureSources,
  { entry, place, dependsOn = [] }: PlacedEntry,
  faults: FaultList,
): SemanticNode[] {
  const metrics = semantics.filter(({ resourceType }) => resourceType === 'metric');
  return asList(entry['depends_on']).flatMap((value, index) => {
    const name = metricPattern.exec(String(value))?.[2];
    if (name === undefined) return [];
    const found = metrics.find((metric) => metric.name === name);
    if (found) return [found];
    const known = metrics.map((metric) => metric.name);
    faults.error(
      dependsOn[index] ?? place,
      `there is no metric "${name}"${didYouMean(name, known)}`,
    );
    return [];
  });
}

function complainOf(name: string, entry: PlacedEntry['entry']): string[] {
  const complaints: string[] = [];
  const called = `the exposure "${name}"`;
  if (!/^\w+$/.test(name)) complaints.push(`${called} needs a name of letters, digits and _`);
  const isOneOf = (key: string, values: readonly string[]): void => {
    const value = entry[key];
    if (values.includes(String(value))) return;
    const meant = value === undefined ? '' : didYouMean(String(value), values);
    const told = value === undefined ? `has no ${key}` : `is of ${key} "${String(value)}"`;
    complaints.push(`${called} ${told}${meant} (one of ${values.join(', ')})`);
  };
  isOneOf('type', exposureTypes);
  if (entry['maturity'] !== undefined && entry['maturity'] !== null)
    isOneOf('maturity', maturities);
  const owner = asConfig(entry['owner']);
  if (owner['name'] === undefined && owner['email'] === undefined) {
    complaints.push(`${called} has no owner with a name or an email`);
  }
  return complaints;
}

/** Each line of `depends_on` is an expression: `ref('x')`, `source('a', 'b')`. */
async function renderCalls(
  { reading }: ExposureSources,
  pack: PackageSource,
  id: string,
  { entry, place, dependsOn = [] }: PlacedEntry,
  faults: FaultList,
): Promise<{ readonly trace: RenderTrace; readonly place: Place }[]> {
  const { schema } = reading.target;
  const calls: { trace: RenderTrace; place: Place }[] = [];
  for (const [index, value] of asList(entry['depends_on']).entries()) {
    const at = dependsOn[index] ?? place;
    const text = String(value);
    if (metricPattern.test(text)) continue;
    const node = {
      ...bystander(
        {
          id,
          name: String(entry['name']),
          packageName: pack.name,
          file: at.file,
          fqn: [pack.name],
          resourceType: 'exposure',
        },
        schema,
      ),
      isExecuting: false,
    };
    const { trace } = node;
    try {
      const template = parseTemplate(`{{ ${text} }}`, { file: '<depends_on>' });
      await renderNode(reading, stillMoment, node, template);
      if (trace.refs.length + trace.sources.length === 0) {
        faults.error(at, `"${text}" names no node`, {
          hint: "write ref('model') or source('source', 'table')",
        });
      }
    } catch (error) {
      reportTemplateError(error, at, faults);
    }
    calls.push({ trace, place: at });
  }
  return calls;
}
