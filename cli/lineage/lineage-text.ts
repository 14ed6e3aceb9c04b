import { type ColumnGraph, type ColumnRef, refKey } from '../../engine/lineage/column-graph.ts';
import {
  type Direction,
  everyColumn,
  stepsFrom,
  type WalkOptions,
  walkColumns,
} from '../../engine/lineage/column-walk.ts';
import type { ColumnLabels } from '../../engine/lineage/labels.ts';
import type { LineageView } from '../../engine/lineage/lineage-view.ts';
import type { EdgeKind } from '../../engine/lineage/reads.ts';

/** What a rendering works with. */
export interface TextContext {
  readonly graph: ColumnGraph;
  readonly labels: ColumnLabels;
  readonly options: WalkOptions;
  dim(text: string): string;
  bold(text: string): string;
}

/** Levels after which a tree is cut: far deeper than models go. */
const depthMax = 200;
/** Edges of one column that are told one by one: a hash of five hundred columns has them all. */
const branchesMax = 40;

/** The edges to tell, and what is said of the others. */
function cutBranches<T>(all: readonly T[]): {
  readonly shown: readonly T[];
  readonly rest: string;
} {
  if (all.length <= branchesMax) return { shown: all, rest: '' };
  const rest = `… and ${all.length - branchesMax} more: --json tells all of them`;
  return { shown: all.slice(0, branchesMax), rest };
}

function nameOf({ graph }: TextContext, ref: ColumnRef): string {
  const node = graph.nodes.get(ref.node);
  if (node?.kind === 'sync') return `${node.detail}.${ref.column} (sync ${node.label})`;
  return `${node?.label ?? ref.node}.${ref.column}`;
}

function marksOf(context: TextContext, ref: ColumnRef): string {
  const labels = context.labels.of(ref);
  const node = context.graph.nodes.get(ref.node);
  const column = node?.columns.find(({ name }) => name === ref.column);
  const missing = column?.isMissing ? ' (is not there)' : '';
  return `${labels.length > 0 ? ` [${labels.join(', ')}]` : ''}${missing}`;
}

function wayOf(kinds: readonly EdgeKind[]): string {
  return kinds.length === 0 ? 'perhaps' : kinds.join(', ');
}

function treeLines(
  context: TextContext,
  ref: ColumnRef,
  direction: Direction,
  so: { readonly indent: string; readonly depth: number; readonly told: Set<string> },
): string[] {
  const steps = stepsFrom(context.graph, ref, direction, context.options);
  const { shown, rest } = cutBranches(steps);
  const lines = shown.flatMap((edge, index) => {
    const other = direction === 'upstream' ? edge.from : edge.to;
    const isLast = rest === '' && index === shown.length - 1;
    const key = refKey(other);
    const node = context.graph.nodes.get(other.node);
    const isField = node?.kind === 'stream';
    const line = `${so.indent}${isLast ? '└─' : '├─'} ${nameOf(context, other)}${marksOf(context, other)}`;
    const way = isField ? 'field' : wayOf(edge.kinds);
    const below = stepsFrom(context.graph, other, direction, context.options);
    const isTold = so.told.has(key) && below.length > 0;
    so.told.add(key);
    const note = context.dim(`  ${way}${isTold ? ', as above' : ''}`);
    if (isTold || so.depth >= depthMax) return [line + note];
    const indent = `${so.indent}${isLast ? '   ' : '│  '}`;
    return [
      line + note,
      ...treeLines(context, other, direction, { ...so, indent, depth: so.depth + 1 }),
    ];
  });
  return rest === '' ? lines : [...lines, `${so.indent}└─ ${context.dim(rest)}`];
}

/** A field of a CRM is where ways begin; where a sync writes it, one ends in it. */
function writersOf({ graph }: TextContext, ref: ColumnRef): string[] {
  const field = graph.nodes.get(ref.node);
  if (field?.kind !== 'stream') return [];
  return [...graph.nodes.values()]
    .filter(({ kind, detail }) => kind === 'sync' && detail === field.label)
    .filter(({ columns }) => columns.some(({ name }) => name === ref.column))
    .map(
      ({ label }) => `   what the sync ${label} writes: tidemill lineage ${label}.${ref.column}`,
    );
}

/** One column: a tree of what it follows from, and one of what follows from it. */
function columnText(context: TextContext, ref: ColumnRef, wanted: readonly Direction[]): string[] {
  const node = context.graph.nodes.get(ref.node);
  const type = node?.types.get(ref.column);
  const head = context.bold(nameOf(context, ref)) + (type === undefined ? '' : `  ${type}`);
  const titles = { upstream: 'follows from', downstream: 'goes into' } as const;
  return [
    `${head}${marksOf(context, ref)}`,
    ...wanted.flatMap((direction) => {
      const start = { indent: '', depth: 0, told: new Set<string>() };
      const lines = treeLines(context, ref, direction, start);
      if (lines.length > 0) return [titles[direction], ...lines];
      const none = direction === 'upstream' ? writersOf(context, ref) : [];
      return [titles[direction], ...(none.length > 0 ? none : [context.dim('   nothing')])];
    }),
  ];
}

const origins: ReadonlySet<string | undefined> = new Set(['stream', 'seed', 'table', 'source']);

/** The ends of the way: fields of CRMs, seeds and other tables, or fields of syncs. */
function endsOf(context: TextContext, ref: ColumnRef, direction: Direction): string[] {
  const { refs } = walkColumns(context.graph, [ref], direction, context.options);
  return refs
    .filter((one) => {
      const node = context.graph.nodes.get(one.node);
      if (refKey(one) === refKey(ref)) return false;
      if (direction === 'downstream') return node?.kind === 'sync';
      return origins.has(node?.kind) && node?.reads.length === 0;
    })
    .map((one) => nameOf(context, one));
}

function nodeText(context: TextContext, view: LineageView): string[] {
  const { node } = view.target;
  const place = [node.detail, node.file].filter((text) => text !== '').join(', ');
  const lines = [`${context.bold(node.label)}  ${context.dim(place)}`];
  if (node.gap !== undefined) {
    const read = node.reads.map((id) => context.graph.nodes.get(id)?.label ?? id);
    lines.push(`no columns can be told: ${node.gap}`, `it reads ${read.join(', ') || 'nothing'}`);
  }
  for (const ref of view.starts) {
    const type = ref.column === everyColumn ? undefined : node.types.get(ref.column);
    lines.push(
      '',
      `${context.bold(ref.column)}${type === undefined ? '' : `  ${type}`}${marksOf(context, ref)}`,
    );
    for (const direction of view.directions) {
      const arrow = direction === 'upstream' ? '←' : '→';
      const { shown, rest } = cutBranches(
        stepsFrom(context.graph, ref, direction, context.options),
      );
      for (const edge of shown) {
        const other = direction === 'upstream' ? edge.from : edge.to;
        const name = nameOf(context, other) + marksOf(context, other);
        lines.push(`  ${arrow} ${name}  ${context.dim(wayOf(edge.kinds))}`);
      }
      if (rest !== '') lines.push(context.dim(`  ${arrow} ${rest}`));
      const ends = cutBranches(endsOf(context, ref, direction));
      const told = [...ends.shown, ends.rest].filter((one) => one !== '').join(', ');
      if (told !== '') lines.push(context.dim(`  ${arrow}${arrow} ${told}`));
    }
  }
  if (node.rows.length > 0 && view.directions.includes('upstream')) {
    lines.push('', 'rows are chosen by');
    for (const edge of node.rows) {
      lines.push(`  ← ${nameOf(context, edge)}  ${context.dim(wayOf(edge.kinds))}`);
    }
  }
  return lines;
}

/** The view as people read it in a terminal. */
export function lineageText(context: TextContext, view: LineageView): string {
  const [first] = view.starts;
  const lines =
    view.target.column === undefined || !first
      ? nodeText(context, view)
      : columnText(context, first, view.directions);
  return lines.join('\n');
}
