import { posix } from 'node:path';
import { didYouMean } from '../words/suggest.ts';
import { collectFaults, type FaultList } from './model-fault.ts';
import { kindOf, type NodeDraft, sectionOf, withPatch } from './node-draft.ts';
import type { Reading } from './node-render.ts';
import type { PackageSource } from './package-source.ts';
import type { NodePatch } from './properties.ts';
import { readNode } from './read-node.ts';

/**
 * What YAML of a package says of a node that is not there, or is switched off by other words than
 * that YAML's, it says of the one node of the name in another package: as in dbt, where a project
 * describes a package's model, or puts a seed of its own in the place of a package's.
 */
export async function lendPatches(
  reading: Reading,
  packages: readonly PackageSource[],
  drafts: readonly NodeDraft[],
): Promise<NodeDraft[]> {
  const byName = Map.groupBy(drafts, ({ name }) => name);
  const isOn = async (draft: NodeDraft): Promise<boolean> => {
    const bare = draft.version === undefined ? withPatch(draft, undefined) : draft;
    return (await readNode(reading, bare, collectFaults())).node.nodeConfig.enabled;
  };
  const filter = async (list: readonly NodeDraft[]): Promise<NodeDraft[]> => {
    const isEach = await Promise.all(list.map(isOn));
    return list.filter((_, index) => isEach[index]);
  };
  const given = new Map<NodeDraft, NodeDraft>();
  for (const pack of packages) {
    for (const patch of pack.properties.patches) {
      const named = byName.get(patch.name) ?? [];
      const [own, others] = splitByPackage(named, pack);
      if (others.length === 0 || !isLendable(patch) || (await filter(own)).length > 0) continue;
      const [one, ...more] = await filter(others);
      const isFree = one?.patch === undefined && more.length === 0;
      if (one === undefined || !isFree || sectionOf(one.kind) !== patch.kind) continue;
      given.set(one, withPatch(one, patch));
      for (const draft of own) {
        if (draft.patch === patch) given.set(draft, withPatch(draft, undefined));
      }
    }
  }
  return drafts.map((draft) => given.get(draft) ?? draft);
}

/** Versions, and snapshots that are no more than their YAML, are of its own package. */
function isLendable({ versions, relation }: NodePatch): boolean {
  return versions === undefined && relation === undefined;
}

function splitByPackage(
  named: readonly NodeDraft[],
  { name }: PackageSource,
): [own: NodeDraft[], others: NodeDraft[]] {
  const isOwn = ({ pack }: NodeDraft): boolean => pack.name === name;
  return [named.filter(isOwn), named.filter((draft) => !isOwn(draft))];
}

/** YAML about a node there is not, and what cannot be read of a node. */
export function reportPatches(
  pack: PackageSource,
  drafts: readonly NodeDraft[],
  faults: FaultList,
): void {
  reportBroken(pack, drafts, faults);
  reportOrphans(pack, drafts, faults);
}

/** Built without what was said of it, a node would be published without its tests. */
function reportBroken(pack: PackageSource, drafts: readonly NodeDraft[], faults: FaultList): void {
  const { broken = [], unreadable = [] } = pack.properties;
  for (const { kind, name, place } of broken) {
    const named = drafts.filter((draft) => draft.name === name && sectionOf(draft.kind) === kind);
    const [near, far] = splitByPackage(named, pack);
    for (const { id } of near.length > 0 ? near : far) {
      const message = `what is said here of "${name}" cannot be read, so it is not built`;
      faults.error(place, message, { nodeId: id });
    }
  }
  const [own] = splitByPackage(drafts, pack);
  for (const file of unreadable) {
    const folder = `${posix.dirname(file)}/`;
    for (const draft of own) {
      if (!draft.source.file.startsWith(folder)) continue;
      const message = `until this file can be read nothing in ${folder} is built: it may hold tests of what is there`;
      faults.error({ file, line: 1, column: 1 }, message, { nodeId: draft.id });
    }
  }
}

function reportOrphans(pack: PackageSource, drafts: readonly NodeDraft[], faults: FaultList): void {
  const [own] = splitByPackage(drafts, pack);
  const known = new Set(own.map((draft) => `${sectionOf(draft.kind)}.${draft.name}`));
  const lent = new Set(drafts.map(({ patch }) => patch));
  const last = new Map(
    pack.properties.patches.map((patch) => [`${patch.kind}.${patch.name}`, patch]),
  );
  for (const [key, patch] of last) {
    if (known.has(key) || lent.has(patch)) continue;
    const kind = kindOf(patch.kind);
    // Nothing is tested of an analysis.
    const isTested = ({ kind: one }: NodeDraft): boolean =>
      kind !== 'analysis' && one !== 'analysis';
    const other = own.find((draft) => draft.name === patch.name && isTested(draft));
    const missing = `there is no ${kind} "${patch.name}"`;
    const names = own.map((draft) => draft.name);
    const message = other
      ? `${missing}: it is a ${other.kind}, and of what is said here only its tests hold; say it under ${other.kind}s:`
      : `${missing}${didYouMean(patch.name, names)}`;
    faults.warn(patch.place, message, { name: 'NoNodeForYamlKey' });
  }
}
