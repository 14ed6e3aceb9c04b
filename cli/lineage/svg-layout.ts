import type { LineageView, ViewNode } from '../../engine/lineage/lineage-view.ts';

/** Sizes in pixels; text is measured by its characters, since nothing here knows the font. */
export const sizes = {
  rowHeight: 22,
  headHeight: 44,
  footHeight: 8,
  padding: 12,
  charWidth: 7.3,
  layerGap: 96,
  nodeGap: 22,
  margin: 28,
  boxWidthMin: 150,
  boxWidthMax: 420,
} as const;

export interface Box {
  readonly view: ViewNode;
  readonly layer: number;
  readonly width: number;
  readonly height: number;
  x: number;
  y: number;
}

export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>;
  readonly width: number;
  readonly height: number;
}

const sweeps = 6;

/** Boxes in layers from left to right, each in the layer behind all it reads. */
export function layOut(view: LineageView): Layout {
  const parents = new Map<string, Set<string>>();
  const children = new Map<string, Set<string>>();
  for (const { from, to } of view.edges) {
    link(parents, to.node, from.node);
    link(children, from.node, to.node);
  }
  const layers = assignLayers(view.nodes, parents, children);
  const boxes = new Map(
    view.nodes.map((one) => [one.node.id, measure(one, layers.get(one.node.id) ?? 0)]),
  );
  const count = Math.max(0, ...[...boxes.values()].map(({ layer }) => layer)) + 1;
  const columns = Array.from({ length: count }, (_, layer) =>
    [...boxes.values()].filter((box) => box.layer === layer),
  );
  let right = sizes.margin as number;
  for (const column of columns) {
    const width = Math.max(0, ...column.map((box) => box.width));
    for (const box of column) box.x = right;
    right += width + (width === 0 ? 0 : sizes.layerGap);
  }
  const height = Math.max(0, ...columns.map(stack));
  for (let sweep = 0; sweep < sweeps; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const neighbours = isForward ? parents : children;
    for (const column of isForward ? columns : columns.toReversed()) {
      column.sort(
        (left, other) => centre(left, neighbours, boxes) - centre(other, neighbours, boxes),
      );
      place(column, height);
    }
  }
  return {
    boxes,
    width: Math.max(right - sizes.layerGap, 0) + sizes.margin,
    height: height + 2 * sizes.margin,
  };
}

function link(map: Map<string, Set<string>>, key: string, value: string): void {
  if (key === value) return;
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

/** The longest way from the left; what writes to a CRM stands at the right end. */
function assignLayers(
  nodes: readonly ViewNode[],
  parents: ReadonlyMap<string, ReadonlySet<string>>,
  children: ReadonlyMap<string, ReadonlySet<string>>,
): Map<string, number> {
  const layers = new Map<string, number>();
  const visit = (id: string): number => {
    const known = layers.get(id);
    if (known !== undefined) return known;
    layers.set(id, 0);
    const above = [...(parents.get(id) ?? [])].map(visit);
    const layer = above.length === 0 ? 0 : Math.max(...above) + 1;
    layers.set(id, layer);
    return layer;
  };
  for (const { node } of nodes) visit(node.id);
  const last = Math.max(0, ...layers.values());
  // What follows from nothing stands beside what reads it, so that no line runs behind a box.
  for (const { node } of nodes) {
    const below = [...(children.get(node.id) ?? [])].map((id) => layers.get(id) ?? 0);
    const isOrigin = node.kind === 'stream' || parents.has(node.id) || below.length === 0;
    if (!isOrigin) layers.set(node.id, Math.max(0, Math.min(...below) - 1));
  }
  for (const { node } of nodes) if (node.kind === 'sync') layers.set(node.id, last);
  return layers;
}

/** The text of a box's second line. */
export function subtitleOf({ node }: ViewNode): string {
  if (node.gap !== undefined) return 'columns not known';
  return node.kind === 'sync' ? `→ ${node.detail}` : node.detail;
}

function measure(view: ViewNode, layer: number): Box {
  const rows = view.columns.map(
    ({ name, labels }) => name.length + labels.reduce((sum, label) => sum + label.length + 3, 0),
  );
  const longest = Math.max(view.node.label.length + 1, subtitleOf(view).length, ...rows);
  const wanted = longest * sizes.charWidth + 2 * sizes.padding;
  const width = Math.min(sizes.boxWidthMax, Math.max(sizes.boxWidthMin, Math.ceil(wanted)));
  const height = sizes.headHeight + view.columns.length * sizes.rowHeight + sizes.footHeight;
  return { view, layer, width, height, x: 0, y: 0 };
}

function stack(column: readonly Box[]): number {
  return column.reduce((sum, { height }) => sum + height + sizes.nodeGap, -sizes.nodeGap);
}

function place(column: readonly Box[], height: number): void {
  let y = sizes.margin + (height - stack(column)) / 2;
  for (const box of column) {
    box.y = y;
    y += box.height + sizes.nodeGap;
  }
}

function centre(
  box: Box,
  neighbours: ReadonlyMap<string, ReadonlySet<string>>,
  boxes: ReadonlyMap<string, Box>,
): number {
  const near = [...(neighbours.get(box.view.node.id) ?? [])].flatMap((id) => boxes.get(id) ?? []);
  if (near.length === 0) return box.y + box.height / 2;
  return near.reduce((sum, one) => sum + one.y + one.height / 2, 0) / near.length;
}
