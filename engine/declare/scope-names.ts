import { createHash } from 'node:crypto';
import { quoteRelation } from '../words/sql-name.ts';
import { type AdapterScope, adapterValue, apiValue, queryFunctions } from './adapter-value.ts';
import { dataFunctions } from './data-functions.ts';
import { dateValue, utcOffset } from './date-value.ts';
import { bagValue } from './host-bag.ts';
import { type HostCallback, HostFunction, type JinjaValue, PyDict } from './jinja/values.ts';
import type { NodeScope, ProjectScope } from './node-scope.ts';
import { pythonModules } from './python-modules.ts';
import { relationValue } from './relation-value.ts';
import {
  configFunction,
  exceptionsValue,
  logFunction,
  printFunction,
  readEnv,
  refFunction,
  sourceFunction,
  type TextRenderer,
  targetValue,
  validationValue,
  varFunction,
} from './scope-functions.ts';

/** What the values of names are made from. */
export interface MakerScope {
  readonly project: ProjectScope;
  readonly node: NodeScope;
  readonly dispatch: AdapterScope['dispatch'];
  readonly override: NonNullable<AdapterScope['override']>;
  readonly renderText: TextRenderer;
}

type Makers = Readonly<Record<string, (scope: MakerScope) => JinjaValue>>;

/**
 * The value of a name that every template may use; undefined: there is no such name. Names that the
 * node is given go before functions, and behind what every node has.
 */
export function makeValue(scope: MakerScope, name: string): JinjaValue | undefined {
  if (Object.hasOwn(nodeValues, name)) return nodeValues[name]?.(scope);
  const given = scope.node.names;
  if (given?.has(name)) return given.get(name);
  if (Object.hasOwn(projectValues, name)) return projectValues[name]?.(scope);
  if (name === 'ref') {
    const attributes = new Map([['config', runtimeConfig(scope.project)]]);
    return new HostFunction(name, refFunction(scope.node), attributes);
  }
  if (queryNames.has(name)) return asFunction(name, queriesOf(scope)[name]);
  return Object.hasOwn(functions, name) ? asFunction(name, functions[name]?.(scope)) : undefined;
}

/** What packages look up in dbt's own config, which hangs on its `ref`. */
function runtimeConfig({ projectName, library }: ProjectScope): JinjaValue {
  const { versions } = library;
  const packages = [...versions].map(([name, version]): [string, JinjaValue] => [
    name,
    bagValue('project', { project_name: name, version }),
  ]);
  const [vars, args] = [PyDict.from([]), PyDict.from([])];
  const version = versions.get(projectName) ?? '';
  const dependencies = PyDict.from(packages);
  return bagValue('config', { project_name: projectName, version, dependencies, vars, args });
}

function asFunction(name: string, run: HostCallback | undefined): JinjaValue | undefined {
  return run && new HostFunction(name, run);
}

function adapterOf({ project, node, dispatch, override }: MakerScope): AdapterScope {
  const { trace } = node;
  return {
    type: project.target.type,
    isExecuting: node.isExecuting,
    warehouse: node.warehouse,
    config: node.config,
    dispatch,
    override,
    onQuery: () => {
      trace.asksWarehouse = true;
    },
    onDescribe: () => {
      trace.readsShapes = true;
    },
  };
}

/** `statement` and `load_result` share what was asked: one set of them a rendering. */
const queriesMade = new WeakMap<MakerScope, Record<string, HostCallback>>();

function queriesOf(scope: MakerScope): Record<string, HostCallback> {
  const known = queriesMade.get(scope) ?? queryFunctions(adapterOf(scope), scope.node.name);
  queriesMade.set(scope, known);
  return known;
}

/** The last is there only where a template may write. */
const queryNames = new Set(['run_query', 'statement', 'load_result', 'store_result']);

const same =
  (run: HostCallback): ((scope: MakerScope) => HostCallback) =>
  () =>
    run;

const functions: Readonly<Record<string, (scope: MakerScope) => HostCallback>> = {
  source: ({ node }) => sourceFunction(node),
  env_var:
    ({ project, node }) =>
    (args, kwargs) =>
      readEnv(project, node, args, kwargs),
  is_incremental:
    ({ node }) =>
    () =>
      node.isIncremental,
  log: ({ project, node }) => logFunction(project, node),
  render:
    ({ renderText }) =>
    (args) =>
      renderText(String(args[0] ?? ''), 'render'),
  should_full_refresh:
    ({ project }) =>
    () =>
      project.isFullRefresh,
  print: ({ project, node }) => printFunction(project, node),
  doc: same(() => ''),
  ...Object.fromEntries(Object.entries(dataFunctions).map(([name, run]) => [name, same(run)])),
  local_md5: same((args) => createHash('md5').update(String(args[0])).digest('hex')),
};

const nodeValues: Makers = {
  var: ({ project, node, renderText }) => varFunction(project, node, renderText),
  config: ({ project, node }) => configFunction(node, project),
  this: ({ project, node }) =>
    relationValue({
      database: project.target.database,
      schema: node.relation.schema,
      identifier: node.relation.name,
      rendered: node.standing && quoteRelation(node.standing),
      kind: node.config['materialized'] === 'view' ? 'view' : 'table',
    }),
  model: ({ node }) => node.modelValue(),
  adapter: (scope) => adapterValue(adapterOf(scope)),
  exceptions: ({ project, node }) => exceptionsValue(project, node),
  execute: ({ node }) => node.isExecuting,
};

const projectValues: Makers = {
  target: ({ project }) => targetValue(project),
  graph: ({ project, node }) => {
    node.trace.readsGraph = true;
    return project.graphValue();
  },
  api: () => apiValue,
  validation: () => validationValue,
  modules: (scope) => pythonModules(() => readTimeMs(scope)),
  run_started_at: (scope) => dateValue(readTimeMs(scope), { isDate: false, zone: utcOffset }),
  invocation_id: ({ project, node }) => {
    node.trace.readsClock = true;
    return project.invocationId;
  },
  flags: ({ project }) =>
    bagValue('flags', { FULL_REFRESH: project.isFullRefresh, WHICH: project.command }),
  invocation_args_dict: ({ project: { command, isFullRefresh, target } }) =>
    PyDict.from([
      ['which', command],
      ['invocation_command', `tidemill ${command}`],
      ['full_refresh', isFullRefresh],
      ['target', target.name],
      ['vars', PyDict.from([])],
    ]),
  dbt_metadata_envs: () => PyDict.from([]),
  schema: ({ project }) => project.target.schema,
  database: ({ project }) => project.target.database,
  project_name: ({ project }) => project.projectName,
  dbt_version: () => '1.10.0',
  thread_id: () => 'main',
  selected_resources: ({ project, node }) => {
    node.trace.readsSelection = true;
    return [...project.selected];
  },
};

/** Every name that `makeValue` knows. */
export function namesOf({ node }: MakerScope): string[] {
  const known = [
    ...Object.keys(nodeValues),
    ...Object.keys(projectValues),
    ...Object.keys(functions),
  ];
  return [...known, ...(node.names?.keys() ?? []), ...queryNames, 'ref', 'builtins', 'context'];
}

/** Whether a unit test may say what the name is: it is no part of what is tested. */
export function isReplaceable(name: string): boolean {
  return Object.hasOwn(projectValues, name) || Object.hasOwn(functions, name);
}

function readTimeMs({ project, node }: MakerScope): number {
  node.trace.readsClock = true;
  return project.boundaryMs;
}
