import type { Log } from '../words/log.ts';
import type { Relation } from '../words/table.ts';
import type { TemplateWarehouse } from './adapter-value.ts';
import type { Template } from './jinja/ast.ts';
import type { Filter } from './jinja/filter.ts';
import { toPython } from './jinja/python-value.ts';
import { renderNative, renderTemplate } from './jinja/render-template.ts';
import type { JinjaValue } from './jinja/values.ts';
import { PyDict } from './jinja/values.ts';
import type { MacroLibrary } from './macro-library.ts';
import type { RefCall, SourceCall } from './model-node.ts';
import type { ProjectScope, RenderTrace, Target } from './node-scope.ts';
import type { Config } from './properties.ts';
import { partsOf } from './relation-value.ts';
import { buildGlobals } from './render-scope.ts';
import type { Vars } from './vars.ts';

/** What is known of the project while its files are still being read. */
export interface Reading {
  readonly name: string;
  readonly isDbt: boolean;
  readonly target: Target;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  readonly library: MacroLibrary;
  readonly vars: Vars;
}

/** The moment and the mode of a rendering; a run has one for all its nodes. */
export interface RenderMoment {
  readonly boundaryMs: number;
  readonly invocationId: string;
  readonly isFullRefresh: boolean;
  readonly graphValue?: () => JinjaValue;
}

/**
 * While files are read and fingerprints taken, time stands still: the text must not depend on it.
 */
export const stillMoment: RenderMoment = {
  boundaryMs: Date.UTC(2000, 0, 1),
  invocationId: '00000000-0000-0000-0000-000000000000',
  isFullRefresh: false,
};

export interface NodeRender {
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly fqn: readonly string[];
  readonly relation: Relation;
  readonly config: Config;
  readonly resourceType: string;
  readonly isExecuting: boolean;
  readonly isIncremental: boolean;
  readonly trace: RenderTrace;
  readonly warehouse?: TemplateWarehouse | undefined;
  readonly columns?: readonly { readonly name: string; readonly description: string }[];
  readonly dependsOn?: readonly string[];
  readonly names?: ReadonlyMap<string, JinjaValue>;
  resolveRef(call: RefCall): JinjaValue;
  resolveSource(call: SourceCall): JinjaValue;
}

function scopesOf(reading: Reading, moment: RenderMoment, node: NodeRender) {
  const project: ProjectScope = {
    projectName: reading.name,
    target: reading.target,
    env: reading.env,
    log: reading.log,
    library: reading.library,
    boundaryMs: moment.boundaryMs,
    invocationId: moment.invocationId,
    isFullRefresh: moment.isFullRefresh,
    findVar: reading.vars.find,
    varNames: reading.vars.names,
    graphValue: moment.graphValue ?? (() => PyDict.from([])),
  };
  return buildGlobals(project, { ...node, modelValue: () => modelValue(node) });
}

/** A relation counts as a mapping, as it does in dbt. */
const ownTests: readonly (readonly [string, Filter])[] = [
  ['mapping', (value) => value instanceof PyDict || partsOf(value) !== undefined],
];

/** Renders a node's template to SQL. */
export async function renderNode(
  reading: Reading,
  moment: RenderMoment,
  node: NodeRender,
  template: Template,
  extra: ReadonlyMap<string, JinjaValue> = new Map(),
): Promise<string> {
  return await renderTemplate(template, {
    globals: scopesOf(reading, moment, node),
    variables: extra,
    tests: ownTests,
    undefined: node.isExecuting ? 'permissive' : 'capture',
  });
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
    ['path', node.file],
    ['original_file_path', node.file],
    ['fqn', [...node.fqn]],
    ['tags', toPython(node.config['tags'] ?? [])],
    ['config', toPython(node.config)],
    ['meta', toPython(node.config['meta'] ?? {})],
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
