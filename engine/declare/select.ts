import { didYouMean } from '../words/suggest.ts';
import type { Graph, GraphNode } from './graph.ts';
import { selectorMethods } from './select-method.ts';

/** How tests follow their nodes into a selection, in dbt's words. */
export type IndirectSelection = 'eager' | 'cautious' | 'buildable' | 'empty';

export interface SelectRequest {
  /** Criteria separated by spaces are united, by commas intersected. Absent: everything. */
  readonly select?: string | readonly string[];
  readonly exclude?: string | readonly string[];
  readonly indirect?: IndirectSelection;
  /** Methods that need more than the graph, such as `state:` or `result:`; they win. */
  readonly methods?: Readonly<Record<string, (node: GraphNode, value: string) => boolean>>;
}

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Why the selection cannot be used: an unknown method, a criterion that cannot be read. */
  readonly errors: readonly string[];
  /** Criteria that match nothing, with what was probably meant. */
  readonly warnings: readonly string[];
}

/** One `2+method:value+1` with its parts. */
interface Criterion {
  readonly text: string;
  readonly childrensParents: boolean;
  /** Generations above and below to take along; 0 takes none. */
  readonly above: number;
  readonly below: number;
  readonly method: string;
  readonly value: string;
}

const criterionPattern = /^(@)?(?:(\d*)\+)?(?:([\w.]+):)?(.*?)(?:\+(\d*))?$/s;

/** Chooses nodes of the graph as dbt's `--select` and `--exclude` do. */
export function selectNodes(graph: Graph, request: SelectRequest): Selection {
  const errors: string[] = [];
  const warnings: string[] = [];
  const chosen = evaluate(graph, request.select, request, { errors, warnings });
  const excluded = evaluate(graph, request.exclude, request, { errors, warnings });
  const ids = chosen ?? new Set(graph.nodes.keys());
  for (const id of excluded ?? []) ids.delete(id);
  return { ids, errors, warnings };
}

interface Notes {
  readonly errors: string[];
  readonly warnings: string[];
}

function evaluate(
  graph: Graph,
  text: string | readonly string[] | undefined,
  request: SelectRequest,
  notes: Notes,
): Set<string> | undefined {
  if (text === undefined) return undefined;
  const unions = [text].flat().flatMap((part) => part.split(/\s+/).filter((word) => word !== ''));
  if (unions.length === 0) return undefined;
  const united = new Set<string>();
  for (const union of unions) {
    const sets = union.split(',').map((word) => evaluateCriterion(graph, word, request, notes));
    const [first = new Set<string>(), ...others] = sets;
    const common = [...first].filter((id) => others.every((other) => other.has(id)));
    for (const id of common) united.add(id);
  }
  return united;
}

function evaluateCriterion(
  graph: Graph,
  text: string,
  request: SelectRequest,
  notes: Notes,
): Set<string> {
  const criterion = parseCriterion(text);
  if (criterion === undefined) {
    notes.errors.push(`the selector "${text}" cannot be read: write [N+]name[+N] or method:value`);
    return new Set();
  }
  const matches = findMethod(criterion, request);
  if (matches === undefined) {
    const names = [...Object.keys(selectorMethods), 'config.materialized'];
    const method = criterion.method.split('.')[0] ?? '';
    const known = [...names, ...Object.keys(request.methods ?? {})];
    notes.errors.push(
      `the selector "${text}" uses the unknown method "${method}"${didYouMean(method, known)}` +
        ` (methods: ${known.sort().join(', ')})`,
    );
    return new Set();
  }
  const direct = new Set<string>();
  for (const node of graph.nodes.values()) if (matches(node)) direct.add(node.id);
  if (direct.size === 0) {
    const names = [...graph.nodes.values()].map((node) => node.name);
    notes.warnings.push(
      `the selector "${text}" matches nothing${didYouMean(criterion.value, names)}`,
    );
    return direct;
  }
  return addTests(graph, widen(graph, direct, criterion), request.indirect ?? 'eager');
}

export function parseCriterion(text: string): Criterion | undefined {
  const match = criterionPattern.exec(text);
  const value = match?.[4] ?? '';
  if (!match || value === '') return undefined;
  const above = match[2];
  const below = match[5];
  // `@x+` contradicts itself: @ already takes every child.
  if (match[1] !== undefined && (above !== undefined || below !== undefined)) return undefined;
  return {
    text,
    childrensParents: match[1] !== undefined,
    above: generations(above),
    below: generations(below),
    method: match[3] ?? defaultMethod(value),
    value,
  };
}

function generations(text: string | undefined): number {
  if (text === undefined) return 0;
  return text === '' ? Infinity : Number(text);
}

function defaultMethod(value: string): string {
  if (value.includes('/')) return 'path';
  return /\.(sql|csv|ts|ya?ml)$/.test(value) ? 'file' : 'fqn';
}

function findMethod(
  { method, value }: Criterion,
  request: SelectRequest,
): ((node: GraphNode) => boolean) | undefined {
  const given = request.methods?.[method];
  if (given) return (node) => given(node, value);
  const [name = '', ...path] = method.split('.');
  const known = selectorMethods[name];
  if (known === undefined || (name === 'config') !== path.length > 0) return undefined;
  return (node) => known(node, value, path);
}

function widen(graph: Graph, direct: Set<string>, criterion: Criterion): Set<string> {
  const wide = new Set(direct);
  if (criterion.childrensParents) {
    for (const id of graph.descendantsOf(direct)) wide.add(id);
    for (const id of graph.ancestorsOf(wide)) wide.add(id);
  }
  if (criterion.above > 0) {
    for (const id of graph.ancestorsOf(direct, criterion.above)) wide.add(id);
  }
  if (criterion.below > 0) {
    for (const id of graph.descendantsOf(direct, criterion.below)) wide.add(id);
  }
  return wide;
}

/** Tests nobody named come along with the nodes they read. */
function addTests(graph: Graph, ids: Set<string>, indirect: IndirectSelection): Set<string> {
  if (indirect === 'empty') return ids;
  const allowed = indirect === 'buildable' ? new Set([...ids, ...graph.ancestorsOf(ids)]) : ids;
  const added = new Set(ids);
  for (const id of ids) {
    for (const child of graph.childrenOf(id)) {
      const type = graph.nodes.get(child)?.resourceType;
      if (type !== 'test' && type !== 'unit_test') continue;
      const parents = graph.parentsOf(child);
      if (indirect === 'eager' || parents.every((parent) => allowed.has(parent))) added.add(child);
    }
  }
  return added;
}
