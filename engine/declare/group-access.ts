import { didYouMean } from '../words/suggest.ts';
import { asConfig } from './config.ts';
import type { FaultList, Place } from './model-fault.ts';
import {
  type AnalysisNode,
  type ExposureNode,
  type GroupNode,
  isModelNode,
  type ModelNode,
  type TestNode,
} from './model-node.ts';
import type { NodeIndex } from './node-index.ts';
import type { PackageSource } from './package-source.ts';

const accessLevels = ['private', 'protected', 'public'] as const;

/** `groups:` of every package: who owns models together. */
export function buildGroups(packages: readonly PackageSource[], faults: FaultList): GroupNode[] {
  const groups = new Map<string, GroupNode>();
  for (const pack of packages) {
    for (const { entry, place } of pack.properties.groups ?? []) {
      const name = String(entry['name'] ?? '');
      const id = `group.${pack.name}.${name}`;
      const owner = asConfig(entry['owner']);
      if (owner['name'] === undefined && owner['email'] === undefined) {
        faults.error(place, `the group "${name}" has no owner with a name or an email`);
      }
      const first = groups.get(id);
      if (first) {
        faults.error(place, `the group "${name}" is written twice; the other is in ${first.file}`);
      } else
        groups.set(id, { id, name, packageName: pack.name, file: place.file, owner, entry, place });
    }
  }
  return [...groups.values()];
}

export interface AccessSources {
  readonly packages: readonly PackageSource[];
  readonly groups: readonly GroupNode[];
  /** With analyses, which refer to models as well. */
  readonly models: readonly (ModelNode | AnalysisNode)[];
  readonly tests: readonly TestNode[];
  readonly exposures: readonly ExposureNode[];
  readonly refs: NodeIndex<ModelNode>;
}

/** Whether there is anything that somebody may not refer to. */
export function isGuarded(
  packages: readonly PackageSource[],
  groups: readonly GroupNode[],
  models: readonly ModelNode[],
): boolean {
  const isPrivate = models.some(({ nodeConfig }) => nodeConfig.raw['access'] === 'private');
  return isPrivate || groups.length > 0 || packages.some((pack) => pack.restrictsAccess);
}

/** Who refers, and on behalf of which group. */
interface Reader {
  /** Absent: nothing is built for it. */
  readonly id?: string;
  readonly packageName: string;
  readonly group: string | undefined;
}

/** Groups there are not, access that is none, and references that access forbids, as dbt has it. */
export function checkAccess(from: AccessSources, faults: FaultList): void {
  const names = from.groups.map(({ name }) => name);
  const byId = new Map(from.models.filter(isModelNode).map((node) => [node.id, node]));
  for (const node of from.models) {
    const place = { file: node.file, line: 1, column: 1 };
    for (const complaint of complainOf(node, names)) {
      faults.error(place, complaint, { nodeId: node.id });
    }
    const reader = { id: node.id, packageName: node.packageName, group: groupOf(node) };
    for (const call of node.refs) {
      const target = from.refs.find(call, node.packageName);
      if ('id' in target) checkRef(from, reader, target, call.place, faults);
    }
  }
  for (const test of from.tests) {
    const tested = byId.get(test.testedId ?? '');
    const group = tested ? groupOf(tested) : textOf(test.nodeConfig['group']);
    const reader = { id: test.id, packageName: test.packageName, group };
    for (const id of test.dependsOn) {
      const target = byId.get(id);
      if (target && target !== tested) checkRef(from, reader, target, test.place, faults);
    }
  }
  for (const exposure of from.exposures) {
    const { packageName, place } = exposure;
    for (const target of exposure.dependsOn.flatMap((one) => byId.get(one) ?? [])) {
      checkRef(from, { packageName, group: undefined }, target, place, faults);
    }
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function groupOf(node: ModelNode | AnalysisNode): string | undefined {
  return textOf(node.nodeConfig.raw['group']);
}

function complainOf(node: ModelNode | AnalysisNode, groups: readonly string[]): string[] {
  const complaints: string[] = [];
  const { access } = node.nodeConfig.raw;
  const group = groupOf(node);
  if (group !== undefined && !groups.includes(group)) {
    complaints.push(`there is no group "${group}"${didYouMean(group, groups)}`);
  }
  if (access !== undefined && !accessLevels.some((level) => level === access)) {
    const meant = didYouMean(String(access), accessLevels);
    complaints.push(`access "${String(access)}"${meant} (one of ${accessLevels.join(', ')})`);
  }
  if (access === 'public' && node.nodeConfig.materialization === 'ephemeral') {
    complaints.push('an ephemeral model cannot be public: nothing of it stands to be read');
  }
  return complaints;
}

function checkRef(
  { packages }: AccessSources,
  reader: Reader,
  target: ModelNode,
  place: Place,
  faults: FaultList,
): void {
  const refusal = refuseRef(packages, reader, target);
  if (!refusal) return;
  const node = reader.id === undefined ? {} : { nodeId: reader.id };
  faults.error(place, refusal.message, { ...node, hint: refusal.hint });
}

/** Why a reader may not refer to a model; undefined: it may. */
export function refuseRef(
  packages: readonly Pick<PackageSource, 'name' | 'restrictsAccess'>[],
  reader: Reader,
  target: ModelNode,
): { readonly message: string; readonly hint: string } | undefined {
  if (target.resourceType !== 'model') return undefined;
  const access = target.nodeConfig.raw['access'] ?? 'protected';
  const group = groupOf(target);
  const isElsewhere = reader.packageName !== target.packageName;
  const owner = packages.find(({ name }) => name === target.packageName);
  const isShut = isElsewhere && owner?.restrictsAccess === true;
  if (access === 'private' && (reader.group === undefined || reader.group !== group || isShut)) {
    const whose = group === undefined ? 'it is in no group' : `to the group "${group}"`;
    return {
      message: `"${target.name}" is private: ${whose}`,
      hint: 'put both into one group, or give it access: protected',
    };
  }
  if (access !== 'protected' || !isShut) return undefined;
  return {
    message: `"${target.name}" is protected: only its package may refer to it`,
    hint: `${target.packageName} restricts access; its public models may be referred to`,
  };
}
