import { TerminalError } from '../words/errors.ts';
import { once } from '../words/once.ts';
import { isSecretName } from '../words/secret-name.ts';
import { didYouMean } from '../words/suggest.ts';
import { bagValue, functionBag } from './host-bag.ts';
import { isEqual } from './jinja/compare.ts';
import { jinjaError, typeError } from './jinja/jinja-error.ts';
import { printValue } from './jinja/print.ts';
import { fromPython, toPython } from './jinja/python-value.ts';
import { undefinedError } from './jinja/undefined-error.ts';
import {
  type HostCallback,
  HostFunction,
  HostObject,
  type JinjaValue,
  type MaybePromise,
  PyDict,
  PyTuple,
  Undefined,
} from './jinja/values.ts';
import { mappingValue } from './mapping-value.ts';
import { traceOfEnv } from './memory/watched-env.ts';
import type { RefCall, SourceCall } from './model-node.ts';
import type { NodeScope, ProjectScope } from './node-scope.ts';
import { templateWarning } from './template-warnings.ts';

export function refFunction(node: NodeScope): HostCallback {
  return (args, kwargs, call) => {
    for (const name of args) {
      if (name instanceof Undefined) {
        throw undefinedError(name, 'a name of a model is a text: put it in quotes');
      }
    }
    const names = args.map(String);
    const version = kwargs.get('version') ?? kwargs.get('v');
    const [first, second] = names;
    if (first === undefined || names.length > 2) {
      throw typeError(`ref takes a model's name, or a package and a name; got ${names.length}`);
    }
    const ref: RefCall = {
      packageName: second === undefined ? undefined : first,
      name: second ?? first,
      version: version === undefined || version === null ? undefined : printValue(version),
      place: call.position(),
    };
    node.trace.refs.push(ref);
    return node.resolveRef(ref);
  };
}

export function sourceFunction(node: NodeScope): HostCallback {
  return (args, _kwargs, call) => {
    const [source, table] = args.map(String);
    if (source === undefined || table === undefined) {
      throw typeError(`source takes a source's name and a table; got ${args.length} arguments`);
    }
    const found: SourceCall = { source, table, place: call.position() };
    node.trace.sources.push(found);
    return node.resolveSource(found);
  };
}

type Arguments = Parameters<HostCallback>;
/** Renders a text with the names of the node; `what` says in messages where the text is from. */
export type TextRenderer = (text: string, what: string) => MaybePromise<string>;

/** `var('x')`, and `var.has_var('x')`. */
export function varFunction(
  project: ProjectScope,
  node: NodeScope,
  renderText: TextRenderer,
): HostFunction {
  const has: HostCallback = (args) => {
    const name = String(args[0]);
    const found = project.findVar(name, node.packageName);
    node.trace.vars.set(name, traceOfVar(found));
    return found !== undefined;
  };
  return new HostFunction(
    'var',
    (args, kwargs) => readVar(project, node, args, kwargs, renderText),
    new Map([['has_var', new HostFunction('has_var', has)]]),
  );
}

/** What a trace says of a variable. */
export function traceOfVar(found: { readonly value: unknown } | undefined): string {
  return found === undefined ? 'unset' : JSON.stringify(found.value);
}

function readVar(
  project: ProjectScope,
  node: NodeScope,
  args: Arguments[0],
  kwargs: Arguments[1],
  renderText: TextRenderer,
): MaybePromise<JinjaValue> {
  const name = String(args[0]);
  const found = project.findVar(name, node.packageName);
  const fallback = kwargs.get('default') ?? args[1];
  node.trace.vars.set(name, traceOfVar(found));
  // As in dbt: a variable that is a text is a template of its own; texts inside of lists are not.
  if (typeof found?.value === 'string') return renderText(found.value, `var('${name}')`);
  if (found !== undefined) return toPython(found.value);
  if (fallback !== undefined) return fallback;
  const names = [...project.varNames()].sort();
  const known = names.join(', ');
  throw jinjaError(
    'jinja-undefined',
    `the variable "${name}" is not set${didYouMean(name, names)}`,
    `set it under vars, or give a default: var('${name}', …)${known && ` (set: ${known})`}`,
  );
}

export function readEnv(
  project: ProjectScope,
  node: NodeScope,
  args: Arguments[0],
  kwargs: Arguments[1],
): JinjaValue {
  const name = String(args[0]);
  if (isSecretName(name)) {
    throw jinjaError(
      'jinja-value',
      `env_var('${name}') looks like a secret, and a model's SQL is shown and stored`,
      'secrets belong under connections in pipelines.yaml',
    );
  }
  const value = project.env[name];
  const fallback = kwargs.get('default') ?? args[1];
  node.trace.env.set(name, traceOfEnv(value));
  if (value !== undefined) return value;
  if (fallback !== undefined) return fallback === null ? null : String(fallback);
  throw jinjaError(
    'jinja-undefined',
    `the environment variable ${name} is not set`,
    `set it, or give a default: env_var('${name}', …)`,
  );
}

/** `config(...)` sets; `config.get`, `config.require` read what is set. */
export function configFunction(node: NodeScope, { isDbt }: ProjectScope): HostFunction {
  // While files are read dbt answers an empty text, and templates lean on it.
  const isUnknown = isDbt && !node.isExecuting;
  const read = (key: string): unknown => {
    for (const config of node.trace.configs.toReversed()) {
      if (!node.isExecuting && Object.hasOwn(config, key)) return config[key];
    }
    const value = node.config[key];
    return value === undefined ? asMap(node.config['meta'])[key] : value;
  };
  const set: HostCallback = (args, kwargs) => {
    const given: Record<string, unknown> = {};
    for (const value of args) Object.assign(given, asMap(fromPython(value)));
    for (const [key, value] of kwargs) given[key] = fromPython(dateText(value) ?? value);
    node.trace.configs.push(given);
    return '';
  };
  const readMeta = (key: string): unknown => asMap(read('meta'))[key];
  const getter =
    (find: (key: string) => unknown): HostCallback =>
    (args, kwargs, call) => {
      if (isUnknown) return '';
      const value = find(String(args[0]));
      const fallback = kwargs.get('default') ?? args[1] ?? null;
      if (value === undefined || value === null) return fallback;
      // As in dbt: what has no default is not validated.
      const validator = fallback === null ? undefined : kwargs.get('validator');
      return validated(toPython(value), validator, call);
    };
  const requirer =
    (what: string, find: (key: string) => unknown): HostCallback =>
    (args, kwargs, call) => {
      if (isUnknown) return '';
      const value = find(String(args[0]));
      if (value === undefined) {
        const message = `${node.name} has no ${what} "${String(args[0])}"`;
        throw jinjaError('jinja-undefined', message);
      }
      return validated(toPython(value), kwargs.get('validator') ?? args[1], call);
    };
  const docs =
    (part: string): HostCallback =>
    () =>
      !isUnknown && asMap(read('persist_docs'))[part] === true;
  const functions = {
    ...{ get: getter(read), require: requirer('config', read), set },
    ...{ meta_get: getter(readMeta), meta_require: requirer('meta of its config', readMeta) },
    ...{ persist_relation_docs: docs('relation'), persist_column_docs: docs('columns') },
  };
  const attributes = Object.entries(functions).map(
    ([name, run]) => [name, new HostFunction(name, run)] as const,
  );
  return new HostFunction(
    'config',
    set,
    new Map<string, JinjaValue>([...attributes, ['model', lazyModel(node)]]),
  );
}

/** The same as `model`, made when somebody looks into it. */
function lazyModel(node: NodeScope): JinjaValue {
  const dict = once(() => {
    const value = node.modelValue();
    return value instanceof PyDict ? value : new PyDict();
  });
  return mappingValue('model', {
    names: () => [...dict().keys()].map(String),
    find: (name) => dict().get(name),
  });
}

function asMap(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

type Call = Parameters<HostCallback>[2];

/** Waits only where there is a validator: most calls have none. */
function validated(
  value: JinjaValue,
  validator: JinjaValue | undefined,
  call: Call,
): MaybePromise<JinjaValue> {
  if (validator === undefined || validator === null) return value;
  const validate = async (): Promise<JinjaValue> => {
    await call.invoke(validator, [value]);
    return value;
  };
  return validate();
}

/** `validation.any['a', 'b']`: a function that refuses all but these values. */
export const validationValue: HostObject = bagValue('validation', {
  any: new HostObject({
    typeName: 'validation.any',
    text: () => '<validation.any>',
    item: (key) => {
      const allowed = key instanceof PyTuple ? key.items : [key];
      return new HostFunction('validator', ([value = null]) => {
        if (allowed.some((one) => isEqual(one, value))) return null;
        const listed = allowed.map((one) => printValue(one)).join(', ');
        throw jinjaError('jinja-value', `"${printValue(value)}" is none of ${listed}`);
      });
    },
  }),
});

/** A message as Python prints it: lists, maps and `None` are said too. */
function textOf(message: JinjaValue | undefined): string {
  return message === undefined ? '' : printValue(message);
}

/** `log(message, info=true)`: to people at the level `info`, else to nobody but a debugging log. */
export function logFunction(project: ProjectScope, node: NodeScope): HostCallback {
  return (args, kwargs) => {
    const isInfo = (kwargs.get('info') ?? args[1]) === true;
    return tell(project, node, isInfo ? 'info' : 'debug', textOf(args[0]));
  };
}

export function printFunction(project: ProjectScope, node: NodeScope): HostCallback {
  return (args) => tell(project, node, 'info', textOf(args[0]));
}

function tell(project: ProjectScope, node: NodeScope, level: 'info' | 'debug', message: string) {
  node.trace.speaks = true;
  project.log[level]('template-log', { model: node.name, message });
  return '';
}

const otherErrors = [
  ...['column_type_missing', 'missing_materialization', 'missing_relation', 'relation_wrong_type'],
  ...['raise_ambiguous_alias', 'raise_ambiguous_catalog_match', 'raise_cache_inconsistent'],
  ...['raise_dataclass_not_dict', 'raise_dep_not_found', 'raise_duplicate_patch_name'],
  ...['raise_duplicate_resource_name', 'raise_invalid_property_yml_version'],
];

export function exceptionsValue(project: ProjectScope, node: NodeScope): HostObject {
  const raise: HostCallback = (args) => {
    throw jinjaError('jinja-host', textOf(args[0]));
  };
  // What dbt's others are given is names and nodes: they are said as they come.
  const raiseOf = (name: string): HostCallback => {
    return (args, kwargs) => {
      const told = [...args, ...kwargs.values()].map(textOf).join(', ');
      throw jinjaError(
        'jinja-host',
        `${name.replace(/^raise_/, '').replaceAll('_', ' ')}: ${told}`,
      );
    };
  };
  return functionBag('exceptions', {
    ...Object.fromEntries(otherErrors.map((name) => [name, raiseOf(name)])),
    warn_snapshot_timestamp_data_types: () => '',
    raise_compiler_error: raise,
    raise_not_implemented: raise,
    raise_database_error: raise,
    raise_parsing_error: raise,
    raise_contract_error: raise,
    raise_dependency_error: raise,
    raise_fail_fast_error: raise,
    warn: (args) => {
      node.trace.speaks = true;
      const said = { model: node.name, file: node.file, message: textOf(args[0]) };
      project.log.warn(templateWarning, said);
      return '';
    },
    missing_config: (args) => {
      throw new TerminalError(`${node.name} has no config "${String(args[1])}"`, {
        code: 'missing-config',
        model: node.name,
      });
    },
  });
}

/** As ISO says it: `begin=modules.datetime.datetime(2026, 1, 1)`. */
function dateText(value: JinjaValue): string | undefined {
  const isDate = value instanceof HostObject && /^date(time)?$/.test(value.behavior.typeName ?? '');
  return isDate ? value.behavior.text?.().replace(/^(\d{4}-\d\d-\d\d) /, '$1T') : undefined;
}

export function targetValue({ target }: ProjectScope): JinjaValue {
  return toPython({
    name: target.name,
    target_name: target.name,
    profile_name: target.name,
    schema: target.schema,
    database: target.database,
    dbname: target.database,
    type: target.type,
    threads: target.threads ?? 1,
  });
}
