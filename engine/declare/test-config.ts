import type { Config } from './config.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { fromPython } from './jinja/python-value.ts';
import type { JinjaValue } from './jinja/values.ts';
import { internalPackage } from './macro-library.ts';
import type { TestNode } from './model-node.ts';
import {
  type NodeRender,
  type Reading,
  renderAlone,
  renderNode,
  renderValue,
  stillMoment,
} from './node-render.ts';
import { type RenderTrace, startTrace } from './node-scope.ts';
import { relationValue } from './relation-value.ts';
import { narrowRelation } from './test-call.ts';

const severities = ['error', 'warn'];
const failureStores = ['ephemeral', 'table', 'view'] as const;

/**
 * A test as a node to be rendered by itself: its YAML's config, the naming of its relation. Such
 * templates read no node.
 */
export function renderOfTest(
  reading: Reading,
  test: TestNode,
  config: Config,
  trace: RenderTrace = startTrace(),
): NodeRender {
  const { id, name, packageName, file, fqn } = test;
  const about = { id, name, packageName, file, fqn, resourceType: 'test' };
  return renderAlone(reading, about, config, trace);
}

/** Config of a test with its templates rendered: `where: "day > '{{ var(\"since\") }}'"`. */
export async function renderTestConfig(
  reading: Reading,
  test: TestNode,
  config: Config,
): Promise<Config> {
  const templates = Object.entries(config).filter(
    ([, value]) => typeof value === 'string' && /\{[{%]/.test(value),
  );
  if (templates.length === 0) return config;
  const rendered: Record<string, unknown> = { ...config };
  const node = renderOfTest(reading, test, config);
  for (const [key, text] of templates) {
    const template = parseTemplate(String(text), { file: test.file });
    rendered[key] = fromPython(await renderValue(reading, stillMoment, node, template));
  }
  return rendered;
}

/** What of a test's config cannot be used, in words. */
export function complainOfTestConfig(config: Config): string[] {
  const complaints: string[] = [];
  const { severity, limit, store_failures_as: store, materialized = 'test' } = config;
  if (materialized !== 'test') {
    complaints.push(`config "materialized" is ${JSON.stringify(materialized)}; a test has none`);
  }
  if (
    severity !== undefined &&
    severity !== null &&
    !severities.includes(String(severity).toLowerCase())
  ) {
    complaints.push(`config "severity" is ${JSON.stringify(severity)} (one of error, warn)`);
  }
  if (limit !== undefined && limit !== null && !Number.isSafeInteger(limit)) {
    complaints.push(`config "limit" is ${JSON.stringify(limit)}; write a whole number`);
  }
  if (store !== undefined && store !== null && !failureStores.some((one) => one === store)) {
    complaints.push(
      `config "store_failures_as" is ${JSON.stringify(store)} (one of ${failureStores.join(', ')})`,
    );
  }
  return complaints;
}

const whereMacro = 'get_where_subquery';

/** The tested relation narrowed by `where`: by a project's own `get_where_subquery`, else by us. */
export async function narrowTested(
  reading: Reading,
  test: TestNode,
  relation: string,
  trace?: RenderTrace,
): Promise<string> {
  const names = [whereMacro, `default__${whereMacro}`, `${reading.target.type}__${whereMacro}`];
  const isOurs = names.every((name) => {
    const entry = reading.library.find(name, reading.name);
    return entry === undefined || entry.packageName === internalPackage;
  });
  if (isOurs) return narrowRelation(relation, test.nodeConfig['where']);
  const node = { ...renderOfTest(reading, test, test.nodeConfig, trace), isExecuting: true };
  const value = relationValue({ rendered: relation, identifier: 'tested' });
  const template = parseTemplate(`{{ ${whereMacro}(__relation) }}`, { file: whereMacro });
  const root = { ...node, packageName: reading.name };
  const extra = new Map<string, JinjaValue>([['__relation', value]]);
  return (await renderNode(reading, stillMoment, root, template, extra)).trim();
}
