import { didYouMean } from '../words/suggest.ts';
import type { Graph, GraphNode } from './graph.ts';
import { complainOfMethod, selectorMethods } from './select-method.ts';
import {
  type Criterion,
  type IndirectSelection,
  parseSelection,
  type SelectionSpec,
} from './selection-spec.ts';

export type { IndirectSelection };

export interface SelectRequest {
  /** Criteria separated by spaces are united, by commas intersected. Absent: everything. */
  readonly select?: string | readonly string[];
  readonly exclude?: string | readonly string[];
  /** A selection that is written elsewhere, in place of the two. */
  readonly spec?: SelectionSpec;
  readonly indirect?: IndirectSelection;
  /** Methods that need more than the graph, such as `state:` or `result:`; they win. */
  readonly methods?: SelectorMethods;
}

export type SelectorMethods = Readonly<Record<string, (node: GraphNode, value: string) => boolean>>;

export interface Selection {
  readonly ids: ReadonlySet<string>;
  /** Why the selection cannot be used: an unknown method, a criterion that cannot be read. */
  readonly errors: readonly string[];
  /** Criteria that match nothing, with what was probably meant. */
  readonly warnings: readonly string[];
}

/** Chooses nodes of the graph as dbt's `--select`, `--exclude` and `selectors.yml` do. */
export function selectNodes(graph: Graph, request: SelectRequest): Selection {
  const errors: string[] = [];
  const warnings: string[] = [];
  const { indirect = 'eager', methods = {} } = request;
  const evaluation: Evaluation = { graph, methods, errors, warnings };
  const spec = request.spec ?? parseSelection(request.select);
  const chosen = spec && evaluate(evaluation, spec, indirect);
  const base = chosen ?? { direct: new Set(graph.nodes.keys()), indirect: new Set<string>() };
  const excluded = request.spec ? undefined : parseSelection(request.exclude);
  const without = excluded && evaluate(evaluation, excluded, indirect);
  const ids = without ? subtract(base, without).direct : base.direct;
  return { ids, errors, warnings };
}

interface Evaluation {
  readonly graph: Graph;
  readonly methods: SelectorMethods;
  readonly errors: string[];
  readonly warnings: string[];
}

/** Nodes that are chosen, and tests that will be once all they read is. */
interface Found {
  readonly direct: Set<string>;
  readonly indirect: ReadonlySet<string>;
}

function evaluate(evaluation: Evaluation, spec: SelectionSpec, indirect: IndirectSelection): Found {
  switch (spec.kind) {
    case 'unreadable':
      evaluation.errors.push(
        `the selector "${spec.text}" cannot be read: write [N+]name[+N] or method:value`,
      );
      return { direct: new Set(), indirect: new Set() };
    case 'criterion':
      return evaluateCriterion(evaluation, spec.criterion, spec.criterion.indirect ?? indirect);
    case 'difference': {
      const base = evaluate(evaluation, spec.base, indirect);
      return subtract(base, evaluate(evaluation, spec.excluded, indirect));
    }
    case 'union':
    case 'intersection': {
      const parts = spec.parts.map((part) => evaluate(evaluation, part, indirect));
      const [first, ...others] = parts.map(({ direct }) => direct);
      const direct =
        spec.kind === 'union'
          ? new Set(parts.flatMap((part) => [...part.direct]))
          : new Set([...(first ?? [])].filter((id) => others.every((other) => other.has(id))));
      const waiting = new Set(parts.flatMap((part) => [...part.indirect]));
      return takeAlong(evaluation.graph, direct, waiting, indirect);
    }
  }
}

/** Tests are left out with the nodes they read as they would be chosen with them. */
function subtract(base: Found, excluded: Found): Found {
  const without = (ids: Iterable<string>): Set<string> =>
    new Set([...ids].filter((id) => !excluded.direct.has(id)));
  return { direct: without(base.direct), indirect: without(base.indirect) };
}

/** Of the tests that wait, those join whose nodes are all there now. */
function takeAlong(
  graph: Graph,
  direct: Set<string>,
  waiting: ReadonlySet<string>,
  indirect: IndirectSelection,
): Found {
  if (waiting.size > 0 && (indirect === 'cautious' || indirect === 'buildable')) {
    const allowed = reachOf(graph, direct, indirect);
    for (const id of waiting) {
      if (graph.parentsOf(id).every((parent) => allowed.has(parent))) direct.add(id);
    }
  }
  return { direct, indirect: waiting };
}

function evaluateCriterion(
  evaluation: Evaluation,
  criterion: Criterion,
  indirect: IndirectSelection,
): Found {
  const { graph, methods, errors, warnings } = evaluation;
  const { text } = criterion;
  const matches = findMethod(criterion, methods);
  if (matches === undefined) {
    const complaint = complainOfMethod(criterion.method, Object.keys(methods));
    errors.push(`the selector "${text}" uses ${complaint}`);
    return { direct: new Set(), indirect: new Set() };
  }
  const direct = new Set<string>();
  for (const node of graph.nodes.values()) if (matches(node)) direct.add(node.id);
  if (direct.size === 0) {
    const names = [...graph.nodes.values()].map((node) => node.name);
    const meant = didYouMean(criterion.value, names);
    warnings.push(`the selector "${text}" matches nothing${meant}`);
    return { direct, indirect: new Set() };
  }
  return addTests(graph, widen(graph, direct, criterion), indirect);
}

function findMethod(
  { method, value }: Criterion,
  methods: SelectorMethods,
): ((node: GraphNode) => boolean) | undefined {
  const given = methods[method];
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

/** Nodes a test may read to come along. */
function reachOf(
  graph: Graph,
  ids: ReadonlySet<string>,
  indirect: IndirectSelection,
): ReadonlySet<string> {
  return indirect === 'buildable' ? new Set([...ids, ...graph.ancestorsOf(ids)]) : ids;
}

/** Tests nobody named come along with the nodes they read. */
function addTests(graph: Graph, ids: Set<string>, indirect: IndirectSelection): Found {
  const waiting = new Set<string>();
  if (indirect === 'empty') return { direct: ids, indirect: waiting };
  const allowed = reachOf(graph, ids, indirect);
  // As in dbt, whatever is chosen: a source stands without being built.
  const isAllowed = (id: string): boolean =>
    allowed.has(id) || (indirect === 'buildable' && id.startsWith('source.'));
  const added = new Set(ids);
  for (const id of ids) {
    for (const child of graph.childrenOf(id)) {
      const type = graph.nodes.get(child)?.resourceType;
      if (type !== 'test' && type !== 'unit_test') continue;
      const parents = graph.parentsOf(child);
      if (indirect === 'eager' || parents.every(isAllowed)) added.add(child);
      else waiting.add(child);
    }
  }
  return { direct: added, indirect: waiting };
}
