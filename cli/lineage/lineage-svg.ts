import type { GraphEdge } from '../../engine/lineage/column-graph.ts';
import type { LineageView, ViewColumn } from '../../engine/lineage/lineage-view.ts';
import { type Box, layOut, sizes, subtitleOf } from './svg-layout.ts';

const escapeText = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

const style = `
    svg { background: #ffffff; font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
    .box { fill: #ffffff; stroke: #cbd5e1; }
    .head { fill: #64748b; } .head.stream { fill: #0f766e; } .head.source, .head.table { fill: #57709a; }
    .head.model, .head.snapshot { fill: #3757a8; } .head.seed { fill: #7a6a3a; } .head.sync { fill: #b4541a; }
    .title { fill: #ffffff; font-size: 12.5px; font-weight: 600; }
    .detail { fill: #ffffff; fill-opacity: .82; font-size: 10.5px; }
    .name { fill: #1e293b; font-size: 12px; } .missing { fill: #b91c1c; text-decoration: line-through; }
    .start { fill: #fef3c7; }
    .pill { fill: #fde2e2; } .label { fill: #9f1239; font-size: 10px; }
    .edge { fill: none; stroke: #64748b; stroke-width: 1.4; stroke-opacity: .75; }
    .edge.computed { stroke: #7c3aed; stroke-dasharray: 6 3; }
    .edge.rows { stroke: #94a3b8; stroke-dasharray: 1.5 3; }
    .legend { fill: #475569; font-size: 11px; }
    @media (prefers-color-scheme: dark) {
      svg { background: #0f172a; } .box { fill: #1e293b; stroke: #475569; } .name { fill: #e2e8f0; }
      .start { fill: #57481a; } .pill { fill: #4c1d2b; } .label { fill: #fda4af; }
      .edge { stroke: #94a3b8; } .edge.computed { stroke: #a78bfa; } .edge.rows { stroke: #64748b; }
      .legend { fill: #94a3b8; } .missing { fill: #f87171; }
    }`;

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** Text cut to the box: the whole of it stands in the title that pointing at it shows. */
function fit(text: string, width: number): string {
  const most = Math.floor((width - 2 * sizes.padding) / sizes.charWidth);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

function rowY(box: Box, index: number): number {
  return box.y + sizes.headHeight + index * sizes.rowHeight;
}

function columnParts(box: Box, column: ViewColumn, index: number): string[] {
  const top = rowY(box, index);
  const base = top + 15;
  const x = box.x + sizes.padding;
  const nameClass = column.isMissing ? 'name missing' : 'name';
  const parts = [
    `<text class="${nameClass}" x="${round(x)}" y="${round(base)}">${escapeText(fit(column.name, box.width))}</text>`,
  ];
  if (column.isStart) {
    parts.unshift(
      `<rect class="start" x="${round(box.x + 1)}" y="${round(top)}" width="${round(box.width - 2)}" height="${sizes.rowHeight}"/>`,
    );
  }
  let right = box.x + box.width - 8;
  for (const label of column.labels.toReversed()) {
    const width = label.length * 6.2 + 10;
    right -= width;
    parts.push(
      `<rect class="pill" x="${round(right)}" y="${round(top + 4)}" width="${round(width)}" height="14" rx="7"/>`,
      `<text class="label" x="${round(right + 5)}" y="${round(top + 14.5)}">${escapeText(label)}</text>`,
    );
    right -= 4;
  }
  return parts;
}

function boxParts(box: Box): string[] {
  const { node } = box.view;
  const [x, y, width] = [round(box.x), round(box.y), round(box.width)];
  const head = sizes.headHeight - 6;
  const tooltip = [node.label, node.detail, node.file, node.gap].filter(Boolean).join('\n');
  return [
    '<g>',
    `<title>${escapeText(tooltip)}</title>`,
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${round(box.height)}" rx="7"/>`,
    `<path class="head ${node.kind}" d="M${x} ${round(box.y + head)} v${-(head - 7)} a7 7 0 0 1 7 -7 h${round(box.width - 14)} a7 7 0 0 1 7 7 v${head - 7} z"/>`,
    `<text class="title" x="${round(box.x + sizes.padding)}" y="${round(box.y + 16)}">${escapeText(fit(node.label, box.width))}</text>`,
    `<text class="detail" x="${round(box.x + sizes.padding)}" y="${round(box.y + 30)}">${escapeText(fit(subtitleOf(box.view), box.width))}</text>`,
    ...box.view.columns.flatMap((column, index) => columnParts(box, column, index)),
    '</g>',
  ];
}

function edgePart(edge: GraphEdge, boxes: ReadonlyMap<string, Box>): string[] {
  const [left, right] = [boxes.get(edge.from.node), boxes.get(edge.to.node)];
  if (!left || !right) return [];
  const place = (box: Box, column: string): number => {
    const index = box.view.columns.findIndex(({ name }) => name === column);
    return rowY(box, Math.max(0, index)) + sizes.rowHeight / 2;
  };
  const [x1, y1] = [left.x + left.width, place(left, edge.from.column)];
  const [x2, y2] = [right.x, place(right, edge.to.column)];
  const bend = Math.max(36, Math.abs(x2 - x1) / 2);
  const kind = edge.kinds.includes('copied')
    ? ''
    : edge.kinds.includes('computed')
      ? ' computed'
      : ' rows';
  return [
    `<path class="edge${kind}" d="M${round(x1)} ${round(y1)} C${round(x1 + bend)} ${round(y1)} ${round(x2 - bend)} ${round(y2)} ${round(x2)} ${round(y2)}"/>`,
  ];
}

function legend(y: number): string[] {
  const entries = [
    ['', 'copied'],
    [' computed', 'computed'],
    [' rows', 'chooses rows, or not known'],
  ] as const;
  let x = sizes.margin as number;
  return entries.flatMap(([kind, text]) => {
    const parts = [
      `<path class="edge${kind}" d="M${x} ${y - 4} h34"/>`,
      `<text class="legend" x="${x + 42}" y="${y}">${text}</text>`,
    ];
    x += 70 + text.length * 7;
    return parts;
  });
}

/** The view as a picture that needs nothing besides itself. */
export function lineageSvg(view: LineageView): string {
  const { boxes, width, height } = layOut(view);
  const wide = Math.max(Math.ceil(width), 460);
  const tall = Math.ceil(height) + 26;
  const { node, column } = view.target;
  const title = column === undefined ? node.label : `${node.label}.${column}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${tall}" width="${wide}" height="${tall}" role="img">`,
    `  <title>${escapeText(`lineage of ${title}`)}</title>`,
    `  <style>${style}`,
    '  </style>',
    ...view.edges.flatMap((edge) => edgePart(edge, boxes)).map((part) => `  ${part}`),
    ...[...boxes.values()].flatMap(boxParts).map((part) => `  ${part}`),
    ...legend(tall - 16).map((part) => `  ${part}`),
    '</svg>',
  ].join('\n');
}
