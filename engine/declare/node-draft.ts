import { type Config, mergeConfig } from './config.ts';
import type { Template } from './jinja/ast.ts';
import { type Memory, noMemory } from './memory/memory.ts';
import type { FaultList } from './model-fault.ts';
import type { PackageSource, SourceText } from './package-source.ts';
import type { NodePatch } from './properties.ts';
import { parseOrReport } from './template-fault.ts';
import { shapeTemplate } from './typescript/script-template.ts';
import { foldersOf } from './yaml-folders.ts';

/** A node before its template was rendered: what files and folders say about it. */
export interface NodeDraft {
  readonly id: string;
  readonly kind: 'model' | 'seed' | 'snapshot' | 'analysis';
  readonly name: string;
  readonly pack: Pick<PackageSource, 'name'>;
  readonly source: SourceText;
  readonly fqn: readonly string[];
  readonly patch: NodePatch | undefined;
  readonly folders: Config;
  /** Folder config with the node's own YAML over it; strings are not rendered yet. */
  readonly base: Config;
  /** What the project says of a package's node: it wins over all that the package says. */
  readonly overrides: Config;
  /** One of several versions of a model. */
  readonly version?: string;
  readonly latestVersion?: string;
  /** Absent: a seed, or a template that cannot be parsed. */
  readonly template: Template | undefined;
}

/** Where YAML tells of nodes of a kind. */
export function sectionOf(kind: NodeDraft['kind']): NodePatch['kind'] {
  return kind === 'analysis' ? 'analyses' : `${kind}s`;
}

/** What a section tells of. */
export function kindOf(section: NodePatch['kind']): NodeDraft['kind'] {
  return section === 'analyses' ? 'analysis' : (section.slice(0, -1) as NodeDraft['kind']);
}

/** Where config of folders stands: as in dbt, an analysis has that of models. */
function treeOf(kind: NodeDraft['kind']): 'models' | 'seeds' | 'snapshots' {
  return kind === 'analysis' ? 'models' : `${kind}s`;
}

/** The node with what one entry of YAML says of it, and no other. */
export function withPatch(
  draft: Omit<NodeDraft, 'patch' | 'base'>,
  patch: NodePatch | undefined,
): NodeDraft {
  return { ...draft, patch, base: mergeConfig(draft.folders, patch?.config ?? {}) };
}

/** Every node of a package. */
export function draftNodes(
  pack: PackageSource,
  root: PackageSource,
  faults: FaultList,
  memory: Memory = noMemory,
): NodeDraft[] {
  const overridesOf = (kind: NodeDraft['kind'], fqn: readonly string[]): Config =>
    pack === root ? {} : root.folderConfigs[treeOf(kind)].configOf(fqn);
  const patches = indexPatches(pack.properties.patches, faults);
  const drafts: NodeDraft[] = [];
  const draft = (
    kind: NodeDraft['kind'],
    name: string,
    source: SourceText,
    template: Template | undefined,
  ): void => {
    const patch = patches.get(`${sectionOf(kind)}.${name}`);
    // A file of blocks is one more step of the path to each of them.
    const block = kind === 'snapshot' && !isProperties(source) ? [source.name] : [];
    const first = kind === 'analysis' ? [kind] : [];
    const fqn = [pack.name, ...first, ...source.folders, ...block, name];
    const folders = pack.folderConfigs[treeOf(kind)].configOf(fqn);
    const id = `${kind}.${pack.name}.${name}`;
    const about = { id, kind, name, pack, source, fqn, folders, template };
    drafts.push(withPatch({ ...about, overrides: overridesOf(kind, fqn) }, patch));
  };
  const versioned = new Set<SourceText>();
  for (const patch of pack.properties.patches) {
    for (const draft of draftVersions(pack, patch, faults, memory)) {
      drafts.push({ ...draft, overrides: overridesOf('model', draft.fqn) });
      versioned.add(draft.source);
    }
  }
  for (const source of pack.models) {
    if (versioned.has(source)) continue;
    const id = `model.${pack.name}.${source.name}`;
    draft('model', source.name, source, parseModel(source, faults, id, memory));
  }
  for (const source of pack.seeds) draft('seed', source.name, source, undefined);
  for (const source of pack.analyses) {
    const id = `analysis.${pack.name}.${source.name}`;
    draft('analysis', source.name, source, parseModel(source, faults, id, memory));
  }
  for (const source of pack.snapshots) {
    const template = parseOrReport(source.file, source.text, faults);
    for (const block of template?.body ?? []) {
      if (block.kind !== 'snapshot' || template === undefined) continue;
      draft('snapshot', block.name, source, { ...template, body: block.body });
    }
  }
  for (const patch of pack.properties.patches) {
    if (patch.kind !== 'snapshots' || patch.relation === undefined) continue;
    const { file } = patch.place;
    const text = `select * from {{ ${unbraced(patch.relation)} }}`;
    const source: SourceText = { file, folders: foldersOf(pack, file), name: patch.name, text };
    draft('snapshot', patch.name, source, parseOrReport(file, text, faults, patch.name));
  }
  return drafts;
}

/** Tests of both entries count; of all else the last one's. */
function indexPatches(all: readonly NodePatch[], faults: FaultList): Map<string, NodePatch> {
  const patches = new Map<string, NodePatch>();
  for (const patch of all) {
    const other = patches.get(keyOf(patch))?.place;
    if (other !== undefined) {
      const kind = kindOf(patch.kind);
      const message = `the ${kind} "${patch.name}" is described twice; the other entry is at`;
      faults.warn(patch.place, `${message} ${other.file}:${other.line}`, {
        hint: 'join them: dbt refuses two, here this one wins and the tests of both count',
      });
    }
    patches.set(keyOf(patch), patch);
  }
  return patches;
}

function isProperties({ file }: SourceText): boolean {
  return /\.ya?ml$/.test(file);
}

/** Each version of a model is a node of its own, built as `<name>_v<version>`. */
function draftVersions(
  pack: PackageSource,
  patch: NodePatch,
  faults: FaultList,
  memory: Memory,
): NodeDraft[] {
  const { name, latestVersion, versions = [] } = patch;
  if (patch.kind !== 'models') return [];
  return versions.flatMap(({ version, file, patch: own }) => {
    const named = (wanted: string) => pack.models.find((one) => one.name === wanted);
    // The file of the latest version needs no ending of its own.
    const source = named(file) ?? (version === latestVersion ? named(name) : undefined);
    const id = `model.${pack.name}.${name}.v${version}`;
    if (source === undefined) {
      const message = `version ${version} of "${name}" has no file ${file}.sql`;
      faults.warn(patch.place, message, { name: 'NoNodeForYamlKey' });
      return [];
    }
    const fqn = [pack.name, ...source.folders, name, `v${version}`];
    const folders = pack.folderConfigs.models.configOf(fqn);
    const alias = `${name}_v${version.replaceAll('.', '_')}`;
    const columns = new Map(own.columns.map((column) => [column.name, column]));
    const template = parseModel(source, faults, id, memory);
    return [
      {
        id,
        kind: 'model' as const,
        name,
        pack,
        source,
        fqn,
        patch: { ...own, columns: [...columns.values()] },
        folders,
        base: mergeConfig(folders, { alias, ...own.config }),
        overrides: {},
        template,
        version,
        ...(latestVersion === undefined ? {} : { latestVersion }),
      },
    ];
  });
}

function parseModel(
  source: SourceText,
  faults: FaultList,
  id: string,
  memory: Memory,
): Template | undefined {
  const { file, text, script } = source;
  if (script?.kind === 'model') {
    return parseOrReport(file, shapeTemplate(script.script), faults, id, memory);
  }
  if (script === undefined) return parseOrReport(file, text, faults, id, memory);
  for (const { place, message, hint } of script.kind === 'faulty' ? script.faults : []) {
    faults.error(place, message, { nodeId: id, ...(hint === undefined ? {} : { hint }) });
  }
  return undefined;
}

/** `relation: ref('x')` is what people write; `"{{ ref('x') }}"` means the same. */
function unbraced(relation: string): string {
  return /^\s*\{\{(.*)\}\}\s*$/s.exec(relation)?.[1]?.trim() ?? relation.trim();
}

function keyOf(patch: NodePatch): string {
  return `${patch.kind}.${patch.name}`;
}
