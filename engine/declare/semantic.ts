import { didYouMean } from '../words/suggest.ts';
import { asConfig, asList, asTexts, type Config, mergeConfig } from './config.ts';
import type { Switched } from './enabled-config.ts';
import { renderEntryConfig } from './entry-config.ts';
import { collectFaults, type FaultList } from './model-fault.ts';
import type { ModelNode, RefCall } from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import type { Reading } from './node-render.ts';
import { mergeFolders, type PackageSource } from './package-source.ts';
import type { PlacedEntry } from './properties.ts';
import {
  inputsOfMetric,
  nameOfInput,
  type SemanticKind,
  type SemanticNode,
} from './semantic-node.ts';
import { complainOfSemantics } from './semantic-shape.ts';
import { foldersOf } from './yaml-folders.ts';

export interface SemanticSources {
  readonly packages: readonly PackageSource[];
  readonly refs: NodeIndex<ModelNode>;
  readonly reading: Reading;
}

const sections = [
  ['semantic_model', 'semanticModels', 'semantic-models'],
  ['metric', 'metrics', 'metrics'],
  ['saved_query', 'savedQueries', 'saved-queries'],
] as const;

/**
 * Semantic models, metrics and saved queries of every package, with what each is made of. Their
 * faults name no node: nothing is built for them, so that they would be told by no step.
 */
export async function buildSemantics(
  from: SemanticSources,
  faults: FaultList,
): Promise<Switched<SemanticNode>> {
  const found = new Map<string, SemanticNode>();
  const off: SemanticNode[] = [];
  const add = (node: SemanticNode): void => {
    const first = found.get(node.id);
    if (node.config['enabled'] === false) off.push(node);
    else if (first === undefined) found.set(node.id, node);
    else {
      const what = `the ${node.resourceType.replace('_', ' ')} "${node.name}"`;
      faults.error(node.place, `${what} is written twice; the other is in ${first.file}`, {
        hint: 'rename one of them',
      });
    }
  };
  for (const [kind, key, tree] of sections) {
    for (const pack of from.packages) {
      for (const placed of pack.properties[key] ?? []) {
        const node = await readSemantic(from, pack, { kind, tree, placed }, faults);
        if (node === undefined) continue;
        add(node);
        if (kind === 'semantic_model') for (const metric of metricsOfMeasures(node)) add(metric);
      }
    }
  }
  return { on: linkSemantics(from, [...found.values()], faults), off };
}

interface Written {
  readonly kind: SemanticKind;
  readonly tree: (typeof sections)[number][2];
  readonly placed: PlacedEntry;
}

async function readSemantic(
  { packages, reading }: SemanticSources,
  pack: PackageSource,
  { kind, tree, placed }: Written,
  faults: FaultList,
): Promise<SemanticNode | undefined> {
  const { entry, place } = placed;
  const name = String(entry['name'] ?? '');
  const fqn = [pack.name, ...foldersOf(pack, place.file), name];
  const beside: Config = {
    ...(entry['tags'] === undefined ? {} : { tags: entry['tags'] }),
    ...(entry['meta'] === undefined ? {} : { meta: entry['meta'] }),
  };
  const own = mergeConfig(beside, asConfig(entry['config']));
  const unrendered = mergeConfig(pack.folderConfigs[tree].configOf(fqn), own);
  const written = mergeFolders([packages[0], pack], tree, fqn, own);
  const id = `${kind}.${pack.name}.${name}`;
  const about = { id, name, packageName: pack.name, file: place.file, fqn, resourceType: kind };
  const config = await renderEntryConfig(reading, about, written, { place, faults });
  // What is switched off may lack what it would need.
  const told = config['enabled'] === false ? collectFaults() : faults;
  for (const complaint of complainOfSemantics(kind, name, { ...entry, config }))
    told.error(place, complaint);
  if (name === '') return undefined;
  const ref = kind === 'semantic_model' ? readRef(entry['model'], placed, told) : undefined;
  return {
    ...about,
    resourceType: kind,
    tags: asTexts(config['tags']),
    config,
    dependsOn: [],
    entry,
    unrendered,
    place,
    ...(ref ? { ref } : {}),
  };
}

const refPattern =
  /^\s*(?:\{\{)?\s*ref\(\s*(['"])([^'"]+)\1\s*(?:,\s*(['"])([^'"]+)\3\s*)?(?:,\s*(?:v|version)\s*=\s*['"]?([^'")\s]+)['"]?\s*)?\)\s*(?:\}\})?\s*$/;

function readRef(value: unknown, placed: PlacedEntry, faults: FaultList): RefCall | undefined {
  const [, , first, , second, version] = refPattern.exec(String(value ?? '')) ?? [];
  if (first !== undefined) {
    const { place } = placed;
    return { packageName: second && first, name: second ?? first, version, place };
  }
  const found = value === undefined ? 'no model' : `the model "${String(value)}"`;
  const message = `the semantic model "${String(placed.entry['name'])}" has ${found}`;
  faults.error(placed.place, message, { hint: "write model: ref('the_model')" });
  return undefined;
}

/** `create_metric: true` of a measure: a metric of its name. */
function metricsOfMeasures({ ref: _, ...model }: SemanticNode): SemanticNode[] {
  const isOn = model.config['enabled'] !== false;
  return asList(model.entry['measures'])
    .map(asConfig)
    .filter((measure) => measure['create_metric'] === true && measure['name'])
    .map((measure) => {
      const name = String(measure['name']);
      return {
        ...model,
        id: `metric.${model.packageName}.${name}`,
        name,
        resourceType: 'metric',
        fqn: [...model.fqn.slice(0, -1), name],
        tags: [],
        config: isOn ? {} : { enabled: false },
        unrendered: { enabled: isOn },
        entry: {
          name,
          description: measure['description'] ?? `Metric created from measure ${name}`,
          label: measure['label'] ?? name,
          type: 'simple',
          type_params: { measure: name, expr: name },
        },
      };
    });
}

/** Edges of all of them, and what is named and not there. */
function linkSemantics(
  { refs }: SemanticSources,
  nodes: readonly SemanticNode[],
  faults: FaultList,
): SemanticNode[] {
  const measures = new Map<string, SemanticNode>();
  const metrics = new Map<string, SemanticNode>();
  for (const node of nodes) {
    if (node.resourceType === 'metric') metrics.set(node.name, node);
    if (node.resourceType !== 'semantic_model') continue;
    for (const measure of asList(node.entry['measures'])) {
      const name = nameOfInput(measure);
      if (name === undefined) continue;
      const first = measures.get(name);
      if (first && first !== node) {
        const message = `the measure "${name}" is of ${first.name} as well as of ${node.name}`;
        faults.error(node.place, message, { hint: 'rename one of them' });
      } else measures.set(name, node);
    }
  }
  return nodes.map((node) => {
    const dependsOn = new Set<string>();
    if (node.ref) {
      const target = refs.find(node.ref, node.packageName);
      if ('id' in target) dependsOn.add(target.id);
      else faults.error(node.place, target.complaint, target.hint ? { hint: target.hint } : {});
    }
    const follow = (what: string, value: unknown, known: Map<string, SemanticNode>): void => {
      const name = nameOfInput(value);
      if (name === undefined) return;
      const found = known.get(name);
      if (found) dependsOn.add(found.id);
      else {
        const message = `${node.name}: there is no ${what} "${name}"${didYouMean(name, [...known.keys()])}`;
        faults.error(node.place, message);
      }
    };
    if (node.resourceType === 'metric') {
      const inputs = inputsOfMetric(node.entry);
      for (const measure of inputs.measures) follow('measure', measure, measures);
      for (const metric of inputs.metrics) follow('metric', metric, metrics);
    }
    if (node.resourceType === 'saved_query') {
      const params = asConfig(node.entry['query_params']);
      for (const metric of asList(params['metrics'])) follow('metric', metric, metrics);
    }
    return { ...node, dependsOn: [...dependsOn] };
  });
}
