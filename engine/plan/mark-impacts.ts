import { isModelNode, isSourceNode } from '../declare/model-node.ts';
import {
  type ColumnGraph,
  type ColumnRef,
  type LineageNode,
  refKey,
} from '../lineage/column-graph.ts';
import { everyColumn, walkColumns } from '../lineage/column-walk.ts';
import { type ColumnLabels, spreadLabels } from '../lineage/labels.ts';
import type { LineageCache } from '../lineage/lineage-cache.ts';
import { isDirect } from '../lineage/reads.ts';
import type { Impact, Plan, Step } from '../words/step.ts';
import { type FieldChange, findFieldChanges } from './field-changes.ts';
import { findStrayLabels } from './stray-labels.ts';
import type { Work } from './work.ts';

/**
 * Adds to a plan what a change upstream breaks, and which labelled columns its syncs send. Lineage
 * is read only where something broke or something is labelled.
 */
export async function markImpacts(work: Work, plan: Plan, cache: LineageCache): Promise<Plan> {
  if (!work.models) return plan;
  const changes =
    work.streams.chosen.size === 0
      ? []
      : findFieldChanges(work, (await work.standing.read()).catalog);
  const isLabelled = plan.steps.some(({ kind }) => kind === 'sync') && hasLabels(work);
  if (changes.length === 0 && work.nodeFaults.size === 0 && !isLabelled) return plan;
  // Loaded where it is needed: the parser is 23 MB.
  const { traceProject } = await import('./project-lineage.ts');
  const graph = await traceProject(work, cache);
  const labels = isLabelled ? spreadLabels(graph) : undefined;
  const impacts = [
    ...changes.flatMap((change) => fieldImpact(graph, change) ?? []),
    ...missingImpacts(work, graph),
  ];
  return {
    ...plan,
    ...(impacts.length > 0 ? { impacts } : {}),
    ...(labels ? { warnings: [...plan.warnings, ...findStrayLabels(work, graph)] } : {}),
    steps: labels ? plan.steps.map((step) => labelStep(step, graph, labels)) : plan.steps,
  };
}

function hasLabels({ models }: Work): boolean {
  return [...(models?.nodes.values() ?? [])].some(
    (node) =>
      (isModelNode(node) || isSourceNode(node)) &&
      node.columns.some(({ labels }) => labels !== undefined && labels.length > 0),
  );
}

/** Undefined where no model and no sync has anything of the field. */
function fieldImpact(graph: ColumnGraph, change: FieldChange): Impact | undefined {
  const { label, message } = change;
  const starts = change.sources.map((node) => ({ node, column: change.column }));
  const reached = reach(graph, starts);
  const { columns, fields, rows, decided = [] } = reached;
  const isTouched = [columns, fields, rows, decided].some((list) => list.length > 0);
  return isTouched ? { change: change.change, field: label, message, ...reached } : undefined;
}

/** Columns that models name and that are not there: why they do not bind. */
function missingImpacts(work: Work, graph: ColumnGraph): Impact[] {
  return [...graph.nodes.values()].flatMap((node) =>
    node.columns
      .filter(({ isMissing }) => isMissing)
      .flatMap(({ name }) => {
        const ref = { node: node.id, column: name };
        const readers = [
          ...graph.readersOf(ref).map(({ to }) => to.node),
          ...graph.choosesRowsOf(ref).map((one) => one.node),
        ];
        const broken = readers.filter((id) => work.nodeFaults.has(id));
        if (broken.length === 0) return [];
        const unbuilt = [...new Set([...broken, ...work.graph.descendantsOf(broken)])]
          .filter((id) => isModelNode(work.models?.nodes.get(id)) || id.startsWith('sync.'))
          .map((id) => graph.nodes.get(id)?.label ?? id);
        const message = 'is named by a model and is not there';
        const field = `${node.label}.${name}`;
        return [{ change: 'missing' as const, field, message, ...reach(graph, [ref]), unbuilt }];
      }),
  );
}

/**
 * Columns of models, fields of syncs and rows that follow from columns, through all levels; besides
 * those whose values they only help to choose (an order, a key of a match), and what is made of
 * them.
 */
function reach(
  graph: ColumnGraph,
  starts: readonly ColumnRef[],
): Pick<Impact, 'columns' | 'fields' | 'rows' | 'decided'> {
  const { refs } = walkColumns(graph, starts, 'downstream');
  const columns: string[] = [];
  const fields: Impact['fields'][number][] = [];
  for (const ref of refs) {
    const node = graph.nodes.get(ref.node);
    if (node?.kind === 'sync') {
      fields.push({ sync: node.label, target: node.detail, field: ref.column });
    } else if (node && isBuilt(node)) {
      columns.push(`${node.label}.${ref.column}`);
    }
  }
  const chosen = walkColumns(graph, choicesOf(graph, refs), 'downstream').refs;
  const known = new Set(refs.map(refKey));
  const decided = chosen
    .filter((ref) => !known.has(refKey(ref)))
    .flatMap((ref) => {
      const node = graph.nodes.get(ref.node);
      if (node?.kind === 'sync') return [`${node.detail}.${ref.column} (${node.label})`];
      return node && isBuilt(node) ? [`${node.label}.${ref.column}`] : [];
    });
  const rows = rowsOf(graph, [...refs, ...chosen]);
  return { columns, fields, rows, ...(decided.length > 0 ? { decided } : {}) };
}

const isBuilt = ({ kind }: LineageNode): boolean => kind === 'model' || kind === 'snapshot';

/** Columns that are ordered, matched or grouped by one of them and hold nothing of it. */
function choicesOf(graph: ColumnGraph, refs: readonly ColumnRef[]): ColumnRef[] {
  return refs.flatMap((ref) =>
    graph
      .readersOf(ref)
      .filter(({ kinds }) => !kinds.some(isDirect))
      .map(({ to }) => to),
  );
}

function rowsOf(graph: ColumnGraph, refs: readonly ColumnRef[]): string[] {
  const rows = refs
    .filter(({ column }) => column !== everyColumn)
    .flatMap((ref) => graph.choosesRowsOf(ref))
    .map(({ node }) => graph.nodes.get(node)?.label ?? node);
  return [...new Set(rows)];
}

/** The labelled values a sync hands to a CRM. */
function labelStep(step: Step, graph: ColumnGraph, labels: ColumnLabels): Step {
  if (step.kind !== 'sync') return step;
  const node = graph.nodes.get(step.id);
  const labelled = (node?.columns ?? []).flatMap(({ name, from }) => {
    const found = labels.of({ node: step.id, column: name });
    const [source] = from;
    if (found.length === 0 || !source) return [];
    return [{ field: name, column: source.column, labels: found }];
  });
  return labelled.length > 0 ? { ...step, labelled } : step;
}
