import type { AdapterScope } from './adapter-value.ts';
import { builtins } from './jinja/builtins.ts';
import { bindMacro } from './jinja/evaluate-macro.ts';
import { jinjaError, typeError } from './jinja/jinja-error.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { toPython } from './jinja/python-value.ts';
import { renderTemplate } from './jinja/render-template.ts';
import type { Globals } from './jinja/scope.ts';
import { type HostCallback, HostFunction, type JinjaValue, PyDict } from './jinja/values.ts';
import { internalPackage, type MacroEntry } from './macro-library.ts';
import { mappingValue } from './mapping-value.ts';
import type { NodeScope, ProjectScope } from './node-scope.ts';
import type { TextRenderer } from './scope-functions.ts';
import { type MakerScope, makeValue, namesOf } from './scope-names.ts';

/**
 * Every name a template may use beside Jinja's own; each is made when first asked for. A macro sees
 * the same names, and those of its own package.
 */
export function buildGlobals(project: ProjectScope, node: NodeScope): Globals {
  const made = new Map<string, JinjaValue>();
  const views = new Map<string, Globals>();
  const replace = (name: string, usual: JinjaValue | undefined): JinjaValue | undefined => {
    if (usual === undefined || !Object.hasOwn(node.macros ?? {}, name)) return usual;
    const answer = toPython(node.macros?.[name]);
    return usual instanceof HostFunction ? new HostFunction(name, () => answer) : answer;
  };
  const make = (name: string): JinjaValue | undefined => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const own = Object.hasOwn(bags, name) ? bags[name] : undefined;
    const value = own ? own() : replace(name, makeValue(scope, name));
    if (value !== undefined) made.set(name, value);
    return value;
  };
  const { library } = project;
  const bind = (entry: MacroEntry): JinjaValue => {
    node.trace.macros.add(entry);
    const instead = answerOf(entry, node.macros ?? {});
    return instead ?? bindMacro(entry, viewOf(entry.packageName));
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
  const override: MakerScope['override'] = (name) => {
    const entry = findOverride(project, name);
    return entry && bind(entry);
  };
  const namespaceOf = (packageName: string): JinjaValue =>
    mappingValue('package', {
      names: () =>
        library.all.filter((one) => one.packageName === packageName).map(({ name }) => name),
      find: (name) => {
        const entry = library.findIn(name, packageName);
        if (entry) return bind(entry);
        // Some of dbt's own macros are functions here.
        return packageName === internalPackage && ownMacros.has(name) ? make(name) : undefined;
      },
    });
  // A project's macro hides a function of the same name; dbt's own macros hide nothing. A package's
  // macro sees its siblings last: by a bare name dbt knows those of the node that calls.
  const viewOf = (packageName: string): Globals => {
    const known = views.get(packageName);
    if (known) return known;
    const from = packageName === internalPackage ? packageName : node.packageName;
    const get = (name: string): JinjaValue | undefined => {
      const entry = library.find(name, from);
      if (entry && entry.packageName !== internalPackage) return bind(entry);
      const value = make(name);
      if (value !== undefined) return value;
      const other = entry ?? library.findIn(name, packageName);
      if (other) return bind(other);
      return library.isPackage(name) ? namespaceOf(name) : undefined;
    };
    const view = { get, names: () => [...library.all.map(({ name }) => name), ...namesOf(scope)] };
    views.set(packageName, view);
    return view;
  };
  const scope: MakerScope = {
    project,
    node,
    dispatch,
    override,
    renderText: textRenderer(node, () => viewOf(node.packageName)),
  };
  const bags: Readonly<Record<string, () => JinjaValue>> = {
    builtins: () =>
      mappingValue('builtins', {
        names: () => namesOf(scope).filter((name) => name !== 'builtins'),
        find: (name) => (name === 'builtins' ? undefined : (make(name) ?? builtins.get(name))),
      }),
    context: () => contextValue(scope, viewOf(node.packageName), made),
  };
  return viewOf(node.packageName);
}

/** What a macro answers instead of being called: a unit test says so. */
function answerOf(
  { name, packageName }: MacroEntry,
  macros: NonNullable<NodeScope['macros']>,
): JinjaValue | undefined {
  const key = [`${packageName}.${name}`, name].find((one) => Object.hasOwn(macros, one));
  return key === undefined ? undefined : new HostFunction(name, () => toPython(macros[key]));
}

/**
 * The macro of a name that dbt's adapter asks, where it is not dbt's: the project's, a package's,
 * or the variant for the warehouse that a dispatch of `dbt` leads to.
 */
function findOverride(
  { library, projectName }: ProjectScope,
  name: string,
): MacroEntry | undefined {
  const own = library.findIn(name, projectName);
  const isTheirs = (one: MacroEntry): boolean => one.packageName !== internalPackage;
  const named = own ?? library.all.findLast((one) => one.name === name && isTheirs(one));
  if (named) return named;
  const found = library.dispatch(name, internalPackage, projectName);
  return 'searched' in found || !isTheirs(found) ? undefined : found;
}

/** Every name as a mapping; to be told a name that is a macro is no use of it. */
function contextValue(scope: MakerScope, view: Globals, made: Map<string, JinjaValue>): JinjaValue {
  const { library } = scope.project;
  const { packageName: from } = scope.node;
  const macros = (): string[] => [
    ...library.all.map(({ name }) => name).filter((name) => library.find(name, from)),
    ...library.all.map(({ packageName }) => packageName),
  ];
  return mappingValue(
    'context',
    {
      names: () => [...new Set([...namesOf(scope), ...made.keys(), ...macros()])],
      find: (name) => (name === 'context' ? undefined : view.get(name)),
    },
    { update: updateNames(made) },
  );
}

/** What is added to the names counts for the whole rendering. */
function updateNames(made: Map<string, JinjaValue>): HostCallback {
  return ([values]) => {
    if (!(values instanceof PyDict)) throw typeError('context.update takes a mapping');
    for (const [name, value] of values.entries()) made.set(String(name), value);
    return null;
  };
}

const ownMacros = new Set(['run_query', 'statement', 'is_incremental', 'should_full_refresh']);

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
