import { assignTarget } from './assign.ts';
import type { Body, IfNode, SetBlockNode, Statement, WithNode } from './ast.ts';
import { applyFilterChain, evaluate } from './evaluate-expression.ts';
import { runFromImport, runImport, runInclude } from './evaluate-import.ts';
import { runLoop } from './evaluate-loop.ts';
import { createMacro, runCallBlock } from './evaluate-macro.ts';
import { isTrue } from './iterate.ts';
import { type JinjaError, typeError } from './jinja-error.ts';
import { chain } from './maybe-promise.ts';
import { type Jump, Output } from './output.ts';
import { countStep, Scope } from './scope.ts';
import { type JinjaValue, type MaybePromise, typeName } from './values.ts';

type Done = MaybePromise<Jump>;

/** Runs statements in order; after one that waits, the rest follows when it is done. */
export function runBody(body: Body, scope: Scope, out: Output, from = 0): Done {
  for (let i = from; i < body.length; i += 1) {
    const statement = body[i];
    if (statement === undefined) break;
    const jump = runStatement(statement, scope, out);
    if (jump instanceof Promise) {
      return jump.then((later) => later ?? runBody(body, scope, out, i + 1));
    }
    if (jump !== undefined) return jump;
  }
  return undefined;
}

function runStatement(node: Statement, scope: Scope, out: Output): Done {
  if (node.kind === 'text') {
    out.write(node.text);
    return undefined;
  }
  const { activation } = scope;
  activation.at = node.at;
  countStep(activation.runtime);
  switch (node.kind) {
    case 'output':
      return finish(evaluate(node.value, scope), (value) => {
        activation.at = node.at;
        out.write(value);
      });
    case 'set':
      return finish(evaluate(node.value, scope), (value) => {
        activation.at = node.at;
        assignTarget(node.target, value, scope);
      });
    case 'if':
      return runIf(node, 0, scope, out);
    case 'for':
      return runLoop(node, scope, out);
    case 'do':
      return finish(evaluate(node.value, scope), () => undefined);
    case 'macro':
      scope.set(node.macroName, createMacro(node, scope));
      return undefined;
    case 'break':
    case 'continue':
      return node.kind;
    default:
      return runRareStatement(node, scope, out);
  }
}

/** Goes on with a value and ends the statement without a jump. */
function finish(value: MaybePromise<JinjaValue>, next: (value: JinjaValue) => void): Done {
  return chain(value, (result): Jump => {
    next(result);
    return undefined;
  });
}

type RareStatement = Exclude<
  Statement,
  { kind: 'text' | 'output' | 'set' | 'if' | 'for' | 'do' | 'macro' | 'break' | 'continue' }
>;

function runRareStatement(node: RareStatement, scope: Scope, out: Output): Done {
  switch (node.kind) {
    case 'set_block':
      return runSetBlock(node, scope);
    case 'call_block':
      return finish(runCallBlock(node, scope), (value) => out.write(value));
    case 'filter_block': {
      const inner = new Output();
      return chain(runBody(node.body, new Scope(scope.activation, scope), inner), (jump) =>
        chain(applyFilterChain(node.filter, inner.text, scope), (value): Jump => {
          if (out.values === undefined && typeof value !== 'string') throw refuse(value);
          out.write(value);
          return jump;
        }),
      );
    }
    case 'with':
      return runWith(node, scope, out);
    case 'include':
      return runInclude(node, scope, out);
    case 'import':
      return runImport(node, scope);
    case 'from_import':
      return runFromImport(node, scope);
    case 'block':
      return runBody(
        node.body,
        new Scope(scope.activation, node.isScoped ? scope : rootOf(scope)),
        out,
      );
    case 'snapshot':
      return runBody(node.body, new Scope(scope.activation, scope), out);
    case 'docs':
      return undefined;
  }
}

/** As in Jinja, what a block prints is put together of texts. */
function refuse(value: JinjaValue): JinjaError {
  const detail = `a filter block comes to ${typeName(value)}, and only text can be printed by it`;
  return typeError(detail, 'end it with | string');
}

function rootOf(scope: Scope): Scope {
  return scope.parent ? rootOf(scope.parent) : scope;
}

function runIf(node: IfNode, index: number, scope: Scope, out: Output): Done {
  for (let i = index; i < node.branches.length; i += 1) {
    const branch = node.branches[i];
    if (branch === undefined) break;
    const test = evaluate(branch.test, scope);
    if (test instanceof Promise) {
      return test.then((value) =>
        isTrue(value) ? runBody(branch.body, scope, out) : runIf(node, i + 1, scope, out),
      );
    }
    if (isTrue(test)) return runBody(branch.body, scope, out);
  }
  return runBody(node.otherwise, scope, out);
}

function runSetBlock(node: SetBlockNode, scope: Scope): Done {
  const inner = new Output();
  return chain(runBody(node.body, new Scope(scope.activation, scope), inner), (jump) => {
    const { filter } = node;
    const value = filter === null ? inner.text : applyFilterChain(filter, inner.text, scope);
    return chain(value, (text): Jump => {
      assignTarget(node.target, text, scope);
      return jump;
    });
  });
}

function runWith(node: WithNode, scope: Scope, out: Output): Done {
  const inner = new Scope(scope.activation, scope);
  // Values see the variables around the block, not each other: so Jinja has it since 2.9.
  const bind = (index: number): MaybePromise<null> => {
    const binding = node.bindings[index];
    if (binding === undefined) return null;
    return chain(evaluate(binding.value, scope), (value) => {
      assignTarget(binding.target, value, inner);
      return bind(index + 1);
    });
  };
  return chain(bind(0), () => runBody(node.body, inner, out));
}
