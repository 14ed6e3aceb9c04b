import { graphValue } from './graph-value.ts';
import { batchValue } from './input-window.ts';
import type { Template } from './jinja/ast.ts';
import type { Filter } from './jinja/filter.ts';
import { toPython } from './jinja/python-value.ts';
import { renderNative, renderTemplate } from './jinja/render-template.ts';
import type { JinjaValue } from './jinja/values.ts';
import { HostObject, PyDict } from './jinja/values.ts';
import { nodePath } from './node-path.ts';
import type { ProjectScope } from './node-scope.ts';
import { type RenderRequest, recallRender } from './recall-render.ts';
import { partsOf, relationValue } from './relation-value.ts';
import { buildGlobals } from './render-scope.ts';
import type { NodeRender, Reading, RenderMoment } from './rendering.ts';

export type { NodeRender, Reading, RenderMoment } from './rendering.ts';

/**
 * While files are read and fingerprints taken, time stands still: the text must not depend on it.
 */
export const stillMoment: RenderMoment = {
  boundaryMs: Date.UTC(2000, 0, 1),
  invocationId: '00000000-0000-0000-0000-000000000000',
  isFullRefresh: false,
};

function scopesOf(reading: Reading, moment: RenderMoment, node: NodeRender) {
  const project: ProjectScope = {
    projectName: reading.name,
    isDbt: reading.isDbt,
    target: reading.target,
    env: reading.env,
    log: reading.log,
    library: reading.library,
    boundaryMs: moment.boundaryMs,
    invocationId: moment.invocationId,
    isFullRefresh: moment.isFullRefresh,
    command: moment.command ?? 'build',
    findVar: reading.vars.find,
    varNames: reading.vars.names,
    selected: reading.selected ?? [],
    graphValue: () => graphValue(reading.readGraph),
  };
  return buildGlobals(project, { ...node, modelValue: () => modelValue(node) });
}

/**
 * A template that is rendered by itself, for its config or its name: it reads no node, and what it
 * refers to has the name that it is called by.
 */
export function renderAlone(
  { target: { schema } }: Reading,
  about: Pick<NodeRender, 'id' | 'name' | 'packageName' | 'file' | 'fqn' | 'resourceType'>,
  config: NodeRender['config'],
  trace: NodeRender['trace'],
): NodeRender {
  return {
    ...about,
    relation: { schema, name: about.name },
    config,
    isExecuting: false,
    isIncremental: false,
    trace,
    resolveRef: (call) => relationValue({ schema, identifier: call.name }),
    resolveSource: (call) => relationValue({ schema: call.source, identifier: call.table }),
  };
}

/**
 * A relation counts as a mapping, as it does in dbt, and so does what stands for a dict of names.
 */
const ownTests: readonly (readonly [string, Filter])[] = Object.freeze([
  [
    'mapping',
    (value: JinjaValue) =>
      value instanceof PyDict ||
      partsOf(value) !== undefined ||
      (value instanceof HostObject && value.behavior.isMapping === true),
  ] as const,
]);

/** Renders a template for what it calls and reads: the node's trace has all of it afterwards. */
export async function traceNode(
  reading: Reading,
  moment: RenderMoment,
  node: NodeRender,
  template: Template,
  extra: ReadonlyMap<string, JinjaValue> = new Map(),
): Promise<void> {
  await renderOrRecall({ reading, moment, node, template, extra, isTraceOnly: true });
}

/** Renders a node's template to SQL. */
export async function renderNode(
  reading: Reading,
  moment: RenderMoment,
  node: NodeRender,
  template: Template,
  extra: ReadonlyMap<string, JinjaValue> = new Map(),
): Promise<string> {
  return await renderOrRecall({ reading, moment, node, template, extra, isTraceOnly: false });
}

async function renderOrRecall(request: Omit<RenderRequest, 'isStill'>): Promise<string> {
  const { template, extra: variables } = request;
  const isStill = request.moment.boundaryMs === stillMoment.boundaryMs;
  return await recallRender({ ...request, isStill }, async (reading, moment, node) =>
    renderTemplate(template, {
      globals: scopesOf(reading, moment, node),
      variables,
      tests: ownTests,
      undefined: node.isExecuting ? 'permissive' : 'capture',
    }),
  );
}

/** Renders a template to the value it stands for: `{{ true }}` is a boolean. */
export async function renderValue(
  reading: Reading,
  moment: RenderMoment,
  node: NodeRender,
  template: Template,
): Promise<JinjaValue> {
  return await renderNative(template, {
    globals: scopesOf(reading, moment, node),
    tests: ownTests,
    undefined: node.isExecuting ? 'permissive' : 'capture',
  });
}

/** `model` in templates: what dbt's manifest says of a node, as far as it is known. */
export function modelValue(node: Omit<NodeRender, 'trace'>): PyDict {
  return PyDict.from([
    ['unique_id', node.id],
    ['name', node.name],
    ['alias', node.relation.name],
    ['schema', node.relation.schema],
    ['database', null],
    ['resource_type', node.resourceType],
    ['language', 'sql'],
    ['package_name', node.packageName],
    ['path', nodePath(node)],
    ['original_file_path', node.file],
    ['fqn', [...node.fqn]],
    ['tags', toPython(node.config['tags'] ?? [])],
    ['config', toPython(node.config)],
    ['meta', toPython(node.config['meta'] ?? {})],
    ['batch', node.batch ? batchValue(node.batch, node.config) : null],
    ['refs', []],
    ['sources', []],
    ['version', null],
    ['description', ''],
    [
      'columns',
      PyDict.from(
        (node.columns ?? []).map((column) => [
          column.name,
          PyDict.from([
            ['name', column.name],
            ['description', column.description],
          ]),
        ]),
      ),
    ],
    ['depends_on', PyDict.from([['nodes', [...(node.dependsOn ?? [])]]])],
  ]);
}
