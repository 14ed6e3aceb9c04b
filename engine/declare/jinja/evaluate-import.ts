import type { FromImportNode, ImportNode, IncludeNode, Template } from './ast.ts';
import { evaluate } from './evaluate-expression.ts';
import { iterate } from './iterate.ts';
import { jinjaError } from './jinja-error.ts';
import { chain } from './maybe-promise.ts';
import { type Jump, Output } from './output.ts';
import { printValue } from './print.ts';
import { Activation, locateError, Scope } from './scope.ts';
import { HostObject, type JinjaValue, type MaybePromise, PyTuple, Undefined } from './values.ts';

/** The first template of the given names that the loader knows. */
function loadTemplate(names: JinjaValue, scope: Scope): MaybePromise<Template | undefined> {
  const { loader } = scope.activation.runtime;
  if (names instanceof Undefined) throw jinjaError('jinja-undefined', names.complaint);
  const isList = Array.isArray(names) || names instanceof PyTuple;
  const wanted = (isList ? [...iterate(names)] : [names]).map(printValue);
  const tryNext = (index: number): MaybePromise<Template | undefined> => {
    const name = wanted[index];
    if (name === undefined || loader === undefined) return undefined;
    return chain(
      loader(name, scope.activation.template.file),
      (found) => found ?? tryNext(index + 1),
    );
  };
  return tryNext(0);
}

function refuseMissing(names: JinjaValue, scope: Scope): Error {
  const hint =
    scope.activation.runtime.loader === undefined
      ? 'this rendering loads no other templates'
      : 'check the name and the folders templates are loaded from';
  return jinjaError('jinja-template', `no template ${printValue(names)}`, hint);
}

/** Runs another template: its own place for errors, its own variables. */
function runTemplate(
  template: Template,
  scope: Scope,
  hasContext: boolean,
  out: Output,
): MaybePromise<Scope> {
  const { activation } = scope;
  const inner = new Activation(activation.runtime, template, activation.globals, activation);
  const variables = new Scope(inner, hasContext ? scope : undefined);
  const fail = (error: unknown): never => {
    throw locateError(error, inner);
  };
  try {
    const run = activation.runtime.runBody(template.body, variables, out);
    return run instanceof Promise ? run.then(() => variables, fail) : variables;
  } catch (error) {
    return fail(error);
  }
}

export function runInclude(node: IncludeNode, scope: Scope, out: Output): MaybePromise<Jump> {
  return chain(evaluate(node.template, scope), (names) =>
    chain(loadTemplate(names, scope), (template): MaybePromise<Jump> => {
      if (template === undefined) {
        if (node.isOptional) return undefined;
        throw refuseMissing(names, scope);
      }
      return chain(runTemplate(template, scope, node.hasContext, out), () => undefined);
    }),
  );
}

interface Module {
  readonly template: Template;
  readonly text: string;
  readonly exports: ReadonlyMap<string, JinjaValue>;
}

/** Runs a template for what it defines at its top; names with an underline stay its own. */
function loadModule(node: ImportNode | FromImportNode, scope: Scope): MaybePromise<Module> {
  return chain(evaluate(node.template, scope), (names) =>
    chain(loadTemplate(names, scope), (template) => {
      if (template === undefined) throw refuseMissing(names, scope);
      const out = new Output();
      return chain(runTemplate(template, scope, node.hasContext, out), (inner) => {
        const exports = [...inner.own()].filter(([name]) => !name.startsWith('_'));
        return { template, text: out.text, exports: new Map(exports) };
      });
    }),
  );
}

export function runImport(node: ImportNode, scope: Scope): MaybePromise<Jump> {
  return chain(loadModule(node, scope), (module): Jump => {
    const value = new HostObject({
      typeName: 'TemplateModule',
      text: () => module.text,
      repr: () => `<TemplateModule '${module.template.file}'>`,
      attribute: (name) => module.exports.get(name),
    });
    scope.set(node.name, value);
    return undefined;
  });
}

export function runFromImport(node: FromImportNode, scope: Scope): MaybePromise<Jump> {
  return chain(loadModule(node, scope), (module): Jump => {
    for (const { name, alias } of node.names) {
      const value = module.exports.get(name);
      const { file, line } = scope.activation.position();
      const complaint =
        `the template '${module.template.file}' (imported on line ${line} in '${file}') ` +
        `does not export the requested name '${name}'`;
      scope.set(
        alias,
        value === undefined ? new Undefined(scope.activation.undefinedMode, complaint) : value,
      );
    }
    return undefined;
  });
}
