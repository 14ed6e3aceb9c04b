import type { Span } from '../words/batch-time.ts';
import { quoteIdentifier, quoteRelation } from '../words/sql-name.ts';
import type { Relation } from '../words/table.ts';
import type { TemplateWarehouse } from './adapter-value.ts';
import type { Config } from './config.ts';
import { refuseRef } from './group-access.ts';
import { conditionOf, type InputWindow, isMicrobatch } from './input-window.ts';
import type { Template } from './jinja/ast.ts';
import { jinjaError } from './jinja/jinja-error.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import type { HostObject, JinjaValue } from './jinja/values.ts';
import {
  type AnalysisNode,
  isAnalysisNode,
  isModelNode,
  type ModelNode,
  type RefCall,
  type SourceCall,
  type TestNode,
} from './model-node.ts';
import type { ModelProject } from './model-project.ts';
import { type RenderMoment, renderNode, stillMoment } from './node-render.ts';
import { type RenderTrace, startTrace } from './node-scope.ts';
import { partsOf, relationValue } from './relation-value.ts';
import { type CommonTable, prependTables } from './sql-text.ts';
import { testCall } from './test-call.ts';
import { narrowTested } from './test-config.ts';

export interface CompileOptions {
  /** What `is_incremental()` answers. */
  readonly isIncremental?: boolean;
  /** The run's boundary and id; absent: a fixed moment, for text that does not depend on it. */
  readonly moment?: RenderMoment;
  /** What macros answer instead of being called, by name or `package.name`. */
  readonly macros?: Config;
  /** What templates may ask; absent: a template that asks fails with a message. */
  readonly warehouse?: TemplateWarehouse;
  /** Names that macros see too, beside all others. */
  readonly names?: ReadonlyMap<string, JinjaValue>;
  /** Which rows of its inputs the node is to see; absent: all. */
  readonly window?: InputWindow;
  /** SQL to write for a node's relation instead of its own; undefined: its own. */
  readonly relationName?: (id: string) => string | undefined;
  /** The same, and for ephemeral nodes too: what a unit test gives in their place. */
  readonly givenName?: (id: string) => string | undefined;
  /**
   * Where the node's own rows stand while it is built: what `this` prints. Absent: as published.
   */
  readonly standing?: Relation;
}

export interface Compiled {
  readonly sql: string;
  /** Nodes with a relation the statement reads: ephemeral ones are replaced by what they read. */
  readonly reads: readonly string[];
  readonly trace: RenderTrace;
}

/**
 * A node's rendered select, ephemeral parents as common table expressions. Throws `JinjaError` with
 * file, line and column. A seed has no select: its sql is empty.
 */
export async function compileNode(
  project: ModelProject,
  node: ModelNode | AnalysisNode,
  options: CompileOptions = {},
): Promise<Compiled> {
  const template = project.templates.get(node.id);
  const compilation = startCompilation(project, options);
  if (template === undefined) return compilation.finish('');
  return compilation.finish(await compilation.render(node, template));
}

/**
 * One hook of a node, rendered: it may name `{{ this }}`, `sql` and macros. With a writer in the
 * options' warehouse, what it runs is written as it is rendered.
 */
export async function renderHook(
  project: ModelProject,
  node: ModelNode,
  hook: string,
  options: CompileOptions = {},
): Promise<string> {
  const template = parseTemplate(hook, { file: node.file });
  return (await startCompilation(project, options).render(node, template)).trim();
}

/** A statement of the project itself, such as a hook of a run: it may name any node. */
export async function compileOperation(
  project: ModelProject,
  operation: {
    readonly name: string;
    readonly packageName: string;
    readonly text: string;
    /** Where the text stands; default: `dbt_project.yml`. */
    readonly file?: string;
  },
  options: CompileOptions = {},
): Promise<string> {
  const { name, packageName, text, file = 'dbt_project.yml' } = operation;
  const caller = { packageName, name, id: `operation.${packageName}.${name}`, dependsOn: [] };
  const relationFor = (node: Readable): HostObject =>
    relationValue({
      schema: node.relation.schema,
      identifier: node.relation.name,
      rendered: externalSql(node),
    });
  const sql = await renderNode(
    project,
    options.moment ?? stillMoment,
    {
      ...caller,
      file,
      fqn: [packageName, name],
      relation: { schema: project.target.schema, name },
      config: {},
      resourceType: 'operation',
      isExecuting: true,
      isIncremental: false,
      trace: startTrace(),
      warehouse: options.warehouse,
      ...(options.names ? { names: options.names } : {}),
      resolveRef: (call) => {
        const found = project.refs.find(call, packageName);
        if (!('id' in found)) throw jinjaError('jinja-undefined', found.complaint, found.hint);
        const refusal = refuseRef(project.packages, { packageName, group: undefined }, found);
        if (refusal) throw jinjaError('jinja-value', refusal.message, refusal.hint);
        return relationFor(found);
      },
      resolveSource: (call) => {
        const found = project.sources.find(call.source, call.table, packageName);
        if ('id' in found) return relationFor(found);
        throw jinjaError('jinja-undefined', found.complaint);
      },
    },
    parseTemplate(text, { file }),
  );
  return sql.trim();
}

/** The rows that break a test. */
export async function compileTest(
  project: ModelProject,
  test: TestNode,
  options: CompileOptions = {},
): Promise<Compiled> {
  const compilation = startCompilation(project, options);
  if (test.testType === 'singular') {
    const template = parseTemplate(test.text, { file: test.file });
    return compilation.finish(await compilation.render(test, template));
  }
  const tested = project.nodes.get(test.testedId ?? '');
  const relation =
    tested !== undefined && 'relation' in tested ? compilation.relationOf(tested) : undefined;
  const rendered = await narrowTested(
    project,
    test,
    relation?.behavior.text() ?? '',
    compilation.trace,
  );
  const call = testCall(test, relationValue({ ...partsOf(relation), rendered }));
  if (call === undefined) return compilation.finish('');
  return compilation.finish(await compilation.render(test, call.template, call.names));
}

type Readable = Extract<
  ModelProject['nodes'] extends ReadonlyMap<string, infer N> ? N : never,
  {
    readonly relation: unknown;
  }
>;

function externalSql(node: Readable): string | undefined {
  return 'external' in node ? node.external : undefined;
}

type Rendered = ModelNode | AnalysisNode | TestNode;

/** What `this` is. */
function placeOf({ target }: ModelProject, node: Rendered): Relation {
  if (isModelNode(node)) return node.relation;
  return isAnalysisNode(node) ? node.wouldBe : { schema: target.schema, name: node.name };
}

interface Compilation {
  readonly trace: RenderTrace;
  render(
    node: Rendered,
    template: Template,
    names?: ReadonlyMap<string, JinjaValue>,
  ): Promise<string>;
  /** As `reader` sees it; without one whole. */
  relationOf(node: Readable, reader?: Rendered): HostObject;
  finish(sql: string): Promise<Compiled>;
}

function startCompilation(project: ModelProject, options: CompileOptions): Compilation {
  const trace = startTrace();
  const reads = new Set<string>();
  /** Ephemeral nodes met, in the order they were first named. */
  const ephemerals = new Map<string, ModelNode>();
  const relationOf: Compilation['relationOf'] = (node, reader) => {
    const { schema, name } = node.relation;
    const where = isModelNode(reader)
      ? conditionOf(windowOf(reader, options.window), node.config)
      : undefined;
    const database = project.target.database;
    const parts = { schema, identifier: name, database, where } as const;
    const given = options.givenName?.(node.id);
    if (given !== undefined) return relationValue({ ...parts, where: undefined, rendered: given });
    if (isModelNode(node) && node.nodeConfig.materialization === 'ephemeral') {
      ephemerals.set(node.id, node);
      return relationValue({ ...parts, kind: 'cte', rendered: cteName(node) });
    }
    const external = externalSql(node);
    if (external !== undefined) {
      return relationValue({ ...parts, kind: 'external', rendered: external });
    }
    reads.add(node.id);
    const rendered = options.relationName?.(node.id) ?? quoteRelation(node.relation);
    return relationValue({ ...parts, rendered });
  };
  const render: Compilation['render'] = async (node, template, names) => {
    const text = await renderNode(
      project,
      options.moment ?? stillMoment,
      {
        ...node,
        relation: placeOf(project, node),
        isExecuting: true,
        isIncremental: options.isIncremental ?? false,
        ...(options.standing ? { standing: options.standing } : {}),
        ...(options.macros ? { macros: options.macros } : {}),
        ...(options.names ? { names: options.names } : {}),
        trace,
        warehouse: options.warehouse,
        ...batchOf(node, options.window),
        resolveRef: (call) => relationOf(findRef(project, node, call), node),
        resolveSource: (call) => {
          const source = findSource(project, node, call);
          // Which one is read follows from what stands: nobody knows before it is rendered.
          trace.asksWarehouse ||= !node.dependsOn.includes(source.id);
          return relationOf(source, node);
        },
      },
      template,
      names,
    );
    // Of a block only the last line break goes, as if it were a file.
    if (node.resourceType === 'snapshot') return text.replace(/\n$/, '');
    return withoutMargins(text, template.text);
  };
  const finish: Compilation['finish'] = async (sql) => {
    const tables: CommonTable[] = [];
    const done = new Set<string>();
    const visit = async (node: ModelNode): Promise<void> => {
      if (done.has(node.id)) return;
      done.add(node.id);
      const template = project.templates.get(node.id);
      const body = template === undefined ? '' : await render(node, template);
      // What the body itself reads must stand before it.
      for (const parent of node.dependsOn) {
        const inner = ephemerals.get(parent);
        if (inner) await visit(inner);
      }
      tables.push({ name: cteName(node), sql: body });
    };
    for (const node of ephemerals.values()) await visit(node);
    return { sql: prependTables(sql, tables), reads: [...reads].sort(), trace };
  };
  return { trace, render, relationOf, finish };
}

/** A batch is the microbatch's own: an ephemeral model that is written into it has none. */
function windowOf(reader: ModelNode, window: InputWindow = {}): InputWindow {
  if (isMicrobatch(reader.nodeConfig)) return window;
  const { batch: _, ...others } = window;
  return others;
}

function batchOf(node: Rendered, window?: InputWindow): { readonly batch?: Span } {
  const batch = isModelNode(node) ? windowOf(node, window).batch : undefined;
  return batch ? { batch } : {};
}

/**
 * As dbt, which renders a file without the white space around it: what a template leaves of its own
 * stays. The text is rendered as it stands all the same, so that places in errors are the file's.
 */
function withoutMargins(rendered: string, written: string): string {
  const [before = ''] = /^\s*/.exec(written) ?? [];
  const isKept = /^\s*\{[{%#]-/.test(written) || !rendered.startsWith(before);
  const text = isKept ? rendered : rendered.slice(before.length);
  // Looking for white space at the end by a pattern looks at all of it on the way.
  const end = written.trimEnd();
  const after = written.slice(end.length);
  const isCut = /-[}%#]\}$/.test(end) || !text.endsWith(after);
  return isCut ? text : text.slice(0, text.length - after.length);
}

/** `ref` and `source` of a macro that runs for the node: the relations as they are published. */
export function resolversOf(
  project: ModelProject,
  node: ModelNode,
  relationName: CompileOptions['relationName'] = () => undefined,
): { resolveRef(call: RefCall): HostObject; resolveSource(call: SourceCall): HostObject } {
  const toValue = (found: Readable): HostObject => {
    const { schema, name: identifier } = found.relation;
    const rendered = externalSql(found) ?? relationName(found.id);
    return relationValue({ schema, identifier, rendered });
  };
  return {
    resolveRef: (call) => toValue(findRef(project, node, call)),
    resolveSource: (call) => toValue(findSource(project, node, call)),
  };
}

function cteName(node: ModelNode): string {
  const name = `__dbt__cte__${node.relation.name}`;
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}

function findRef(project: ModelProject, node: Rendered, call: RefCall): ModelNode {
  const found = project.refs.find(call, node.packageName);
  if (!('id' in found)) throw jinjaError('jinja-undefined', found.complaint, found.hint);
  return requireEdge(node, found, `ref('${call.name}')`);
}

function findSource(project: ModelProject, node: Rendered, call: SourceCall) {
  const found = project.sources.find(call.source, call.table, node.packageName);
  if (!('id' in found)) throw jinjaError('jinja-undefined', found.complaint);
  // In a dbt project nothing of ours fills a source: there is no order to keep.
  if (project.isDbt) return found;
  return requireEdge(node, found, `source('${call.source}', '${call.table}')`);
}

/** A call only a warehouse's answer leads to was not seen when the order of nodes was made. */
function requireEdge<N extends { readonly id: string }>(node: Rendered, found: N, call: string): N {
  if (node.dependsOn.includes(found.id) || node.id === found.id) return found;
  throw jinjaError(
    'jinja-value',
    `${call} was not seen while files were read, so ${node.name} has no place in the order`,
    `add the line  -- depends_on: {{ ${call} }}`,
  );
}
