/** A node of DuckDB's physical plan, as `explain (format json)` tells it. */
interface PlanNode {
  readonly name: string;
  readonly children?: readonly PlanNode[];
  readonly extra_info?: Readonly<Record<string, unknown>>;
}

/** Whether the rows of the table go through a node one by one, meet there, or are not of it. */
type Course = 'apart' | 'met' | 'absent';

/** Nodes that look at one row at a time. */
const passing = new Set(['PROJECTION', 'FILTER', 'UNNEST']);

const joins = /^(HASH|NESTED_LOOP|BLOCKWISE_NL|PIECEWISE_MERGE|IE)_JOIN$/;
/** Joins of which each row of the left, or of the right, is answered for by itself. */
const keepsLeft = new Set(['INNER', 'LEFT', 'SEMI', 'ANTI', 'MARK', 'SINGLE']);
const keepsRight = new Set(['INNER', 'RIGHT', 'RIGHT_SEMI', 'RIGHT_ANTI']);

/**
 * Whether a plan makes each of its rows of one row of the table and of what other tables hold: then
 * it answers of some rows of the table what it answers of them among all. What is not known for
 * certain is no.
 */
export function isRowByRow(plan: string, table: string): boolean {
  return courseOf(rootOf(plan), table) === 'apart';
}

/** The table that a plan reads, where it reads one and nothing else. */
export function onlyTableOf(plan: string): string | undefined {
  let node = rootOf(plan);
  while (node.children?.length === 1 && passing.has(node.name)) [node = node] = node.children;
  const table = node.extra_info?.['Table'];
  return node.name === 'SEQ_SCAN' && typeof table === 'string' ? table : undefined;
}

function rootOf(plan: string): PlanNode {
  const [root] = JSON.parse(plan) as PlanNode[];
  return root ?? { name: '' };
}

function courseOf(node: PlanNode, table: string): Course {
  const { name, children = [], extra_info: info = {} } = node;
  if (children.length === 0) {
    if (name !== 'SEQ_SCAN' || info['Table'] !== table) return 'absent';
    const isCut = Object.keys(info).some((key) => /sample|limit|order|top/i.test(key));
    return isCut ? 'met' : 'apart';
  }
  const courses = children.map((child) => courseOf(child, table));
  if (courses.every((course) => course === 'absent')) return 'absent';
  const isOnce = courses.filter((course) => course !== 'absent').length === 1;
  if (!isOnce || courses.includes('met')) return 'met';
  if (passing.has(name) || name === 'CROSS_PRODUCT') return 'apart';
  const keeps = courses[0] === 'apart' ? keepsLeft : keepsRight;
  return joins.test(name) && keeps.has(String(info['Join Type'])) ? 'apart' : 'met';
}
