import { createHash } from 'node:crypto';
import { type AdapterScope, adapterValue, apiValue, queryFunctions } from './adapter-value.ts';
import { dataFunctions } from './data-functions.ts';
import { dateValue, utcOffset } from './date-value.ts';
import { bindMacro } from './jinja/evaluate-macro.ts';
import { jinjaError } from './jinja/jinja-error.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { toPython } from './jinja/python-value.ts';
import { renderTemplate } from './jinja/render-template.ts';
import type { Globals } from './jinja/scope.ts';
import { type HostCallback, HostFunction, HostObject, type JinjaValue } from './jinja/values.ts';
import { internalPackage, type MacroEntry } from './macro-library.ts';
import type { NodeScope, ProjectScope } from './node-scope.ts';
import { bagValue, pythonModules } from './python-modules.ts';
import { relationValue } from './relation-value.ts';
import {
  configFunction,
  exceptionsValue,
  logFunction,
  readEnv,
  refFunction,
  sourceFunction,
  type TextRenderer,
  targetValue,
  varFunction,
} from './scope-functions.ts';

/**
 * Every name a template may use beside Jinja's own; each is made when first asked for. A macro sees
 * the same names, but looks for other macros from its own package.
 */
export function buildGlobals(project: ProjectScope, node: NodeScope): Globals {
  const made = new Map<string, JinjaValue>();
  const views = new Map<string, Globals>();
  const makers: Makers = {};
  const make = (name: string): JinjaValue | undefined => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const value = Object.hasOwn(makers, name) ? makers[name]?.() : undefined;
    if (value !== undefined) made.set(name, value);
    return value;
  };
  const { library } = project;
  const bind = (entry: MacroEntry): JinjaValue => {
    node.trace.macros.add(entry);
    const instead = overrideOf(entry);
    return instead ?? bindMacro(entry, viewOf(entry.packageName));
  };
  const overrideOf = ({ name, packageName }: MacroEntry): JinjaValue | undefined => {
    const key = [`${packageName}.${name}`, name].find((one) =>
      Object.hasOwn(node.macros ?? {}, one),
    );
    if (key === undefined) return undefined;
    return new HostFunction(name, () => toPython(node.macros?.[key]));
  };
  const dispatch: AdapterScope['dispatch'] = (name, namespace) => {
    const found = library.dispatch(name, namespace, node.packageName);
    if (!('searched' in found)) return bind(found);
    throw jinjaError(
      'jinja-undefined',
      `no macro "${name}" for ${project.target.type}`,
      `looked for ${found.searched.join(', ')}`,
    );
  };
  const namespaceOf = (packageName: string): JinjaValue =>
    new HostObject({
      typeName: 'package',
      text: () => `<package ${packageName}>`,
      attribute: (name) => {
        const entry = library.findIn(name, packageName);
        if (entry) return bind(entry);
        // Some of dbt's own macros are functions here.
        return packageName === internalPackage && ownMacros.has(name) ? make(name) : undefined;
      },
    });
  // A project's macro hides a function of the same name; dbt's own macros hide nothing.
  const viewOf = (packageName: string): Globals => {
    const known = views.get(packageName);
    if (known) return known;
    const get = (name: string): JinjaValue | undefined => {
      const entry = library.find(name, packageName);
      if (entry && entry.packageName !== internalPackage) return bind(entry);
      const value = make(name);
      if (value !== undefined) return value;
      if (entry) return bind(entry);
      return library.isPackage(name) ? namespaceOf(name) : undefined;
    };
    const view = { get };
    views.set(packageName, view);
    return view;
  };
  const renderText = textRenderer(node, () => viewOf(node.packageName));
  Object.assign(
    makers,
    projectMakers(project, node),
    nodeMakers(project, node, dispatch, renderText),
  );
  const names = new Set(Object.keys(makers));
  const builtin = (name: string): JinjaValue | undefined =>
    names.has(name) ? make(name) : undefined;
  makers['builtins'] = () =>
    new HostObject({
      typeName: 'builtins',
      text: () => '<builtins>',
      attribute: builtin,
      item: (key) => builtin(String(key)),
    });
  return viewOf(node.packageName);
}

const ownMacros = new Set(['run_query', 'statement', 'is_incremental', 'should_full_refresh']);

type Makers = Record<string, () => JinjaValue>;

/** Variables that name variables, one inside the other. */
const textsMax = 20;

function textRenderer(node: NodeScope, globals: () => Globals): TextRenderer {
  const open: string[] = [];
  return (text, what) => {
    if (!/\{[{%#]/.test(text)) return text;
    if ((what !== 'render' && open.includes(what)) || open.length >= textsMax) {
      const way = [...open, what].join(' → ');
      throw jinjaError('jinja-value', `variables name each other in a circle: ${way}`);
    }
    open.push(what);
    const rendered = renderTemplate(parseTemplate(text, { file: what }), {
      globals: globals(),
      undefined: node.isExecuting ? 'permissive' : 'capture',
    });
    return rendered.finally(() => open.pop());
  };
}

function functionMakers(functions: Readonly<Record<string, HostCallback>>): Makers {
  return Object.fromEntries(
    Object.entries(functions).map(([name, run]) => [name, () => new HostFunction(name, run)]),
  );
}

function nodeMakers(
  project: ProjectScope,
  node: NodeScope,
  dispatch: AdapterScope['dispatch'],
  renderText: TextRenderer,
): Makers {
  const { trace } = node;
  const adapter: AdapterScope = {
    type: project.target.type,
    isExecuting: node.isExecuting,
    warehouse: node.warehouse,
    config: node.config,
    dispatch,
    onQuery: () => {
      trace.asksWarehouse = true;
    },
    onDescribe: () => {
      trace.readsShapes = true;
    },
  };
  const functions = functionMakers({
    ...queryFunctions(adapter, node.name),
    ref: refFunction(node),
    source: sourceFunction(node),
    env_var: (args, kwargs) => readEnv(project, node, args, kwargs),
    is_incremental: () => node.isIncremental,
    log: logFunction(project, node),
  });
  const named = [...(node.names ?? [])].map(([name, value]) => [name, () => value] as const);
  return {
    ...functions,
    ...functionMakers({ render: (args) => renderText(String(args[0] ?? ''), 'render') }),
    ...Object.fromEntries(named),
    var: () => varFunction(project, node, renderText),
    config: () => configFunction(node),
    this: () =>
      relationValue({
        database: project.target.database,
        schema: node.relation.schema,
        identifier: node.relation.name,
        kind: node.config['materialized'] === 'view' ? 'view' : 'table',
      }),
    model: node.modelValue,
    adapter: () => adapterValue(adapter),
    exceptions: () => exceptionsValue(project, node),
    execute: () => node.isExecuting,
  };
}

function projectMakers(project: ProjectScope, { trace }: NodeScope): Makers {
  const { target } = project;
  const readTimeMs = (): number => {
    trace.readsClock = true;
    return project.boundaryMs;
  };
  return {
    ...functionMakers({
      should_full_refresh: () => project.isFullRefresh,
      print: () => '',
      doc: () => '',
      ...dataFunctions,
      local_md5: (args) => createHash('md5').update(String(args[0])).digest('hex'),
    }),
    target: () => targetValue(project),
    graph: project.graphValue,
    api: () => apiValue,
    modules: () => pythonModules(readTimeMs),
    run_started_at: () => dateValue(readTimeMs(), { isDate: false, zone: utcOffset }),
    invocation_id: () => {
      trace.readsClock = true;
      return project.invocationId;
    },
    flags: () => bagValue('flags', { FULL_REFRESH: project.isFullRefresh, WHICH: 'build' }),
    schema: () => target.schema,
    database: () => target.database,
    project_name: () => project.projectName,
    dbt_version: () => '1.10.0',
    thread_id: () => 'main',
    selected_resources: () => [],
  };
}
