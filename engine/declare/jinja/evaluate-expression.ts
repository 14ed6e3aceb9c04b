import { suggestName } from '../../words/suggest.ts';
import type {
  Arguments,
  CallNode,
  CompareNode,
  CompareOperator,
  Expression,
  FilterNode,
  SliceNode,
  TestNode,
} from './ast.ts';
import { findMethod, getAttribute, getItem, getSlice } from './attribute.ts';
import { type Kwargs, noKwargs } from './bind-arguments.ts';
import { callValue } from './call-value.ts';
import { isEqual, isOrdered } from './compare.ts';
import { contains, isTrue, toList } from './iterate.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { chain, mapInOrder } from './maybe-promise.ts';
import { applyOperator, applySign } from './operators.ts';
import { printValue } from './print.ts';
import { countStep, type Scope } from './scope.ts';
import {
  type JinjaValue,
  type MaybePromise,
  PyDict,
  PyFloat,
  PyTuple,
  Undefined,
} from './values.ts';

type Answer = MaybePromise<JinjaValue>;

/** The value of an expression: at once, unless a call on the way had to wait. */
export function evaluate(node: Expression, scope: Scope): Answer {
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      return resolveName(node.name, scope);
    case 'attribute':
      return chain(evaluate(node.target, scope), (target) => {
        scope.activation.at = node.at;
        return getAttribute(target, node.name, scope.activation.undefinedMode);
      });
    case 'call':
      return evaluateCall(node, scope);
    case 'item':
      return evaluatePair(node.target, node.key, scope, (target, key) => {
        scope.activation.at = node.at;
        return getItem(target, key, scope.activation.undefinedMode);
      });
    case 'filter':
      return evaluateFilter(node, scope);
    case 'test':
      return evaluateTest(node, scope);
    case 'compare':
      return chain(evaluate(node.first, scope), (first) => evaluateCompare(node, first, 0, scope));
    case 'condition':
      return evaluateCondition(node, scope);
    case 'list':
      return mapInOrder(node.items, (item) => evaluate(item, scope));
    default:
      return evaluateRest(node, scope);
  }
}

type RestNode = Exclude<
  Expression,
  {
    kind:
      | 'literal'
      | 'name'
      | 'attribute'
      | 'call'
      | 'item'
      | 'filter'
      | 'test'
      | 'compare'
      | 'condition';
  }
>;

function evaluateRest(node: RestNode, scope: Scope): Answer {
  switch (node.kind) {
    case 'not':
      return chain(evaluate(node.target, scope), (value) => {
        scope.activation.at = node.at;
        return !isTrue(value);
      });
    case 'and':
      return chain(evaluate(node.left, scope), (left) =>
        isTrue(left) ? evaluate(node.right, scope) : left,
      );
    case 'or':
      return chain(evaluate(node.left, scope), (left) =>
        isTrue(left) ? left : evaluate(node.right, scope),
      );
    case 'binary':
      return evaluatePair(node.left, node.right, scope, (left, right) => {
        scope.activation.at = node.at;
        return applyOperator(node.operator, left, right);
      });
    case 'concat':
      return chain(
        mapInOrder(node.items, (item) => evaluate(item, scope)),
        (items) => items.map(printValue).join(''),
      );
    case 'tuple':
    case 'list':
      return chain(
        mapInOrder(node.items, (item) => evaluate(item, scope)),
        (items) => new PyTuple(items),
      );
    case 'dict':
      return evaluateDict(node.pairs, scope);
    case 'slice':
      return evaluateSlice(node, scope);
    case 'sign':
      return chain(evaluate(node.target, scope), (value) => {
        scope.activation.at = node.at;
        return applySign(node.sign, value);
      });
    case 'float':
      return new PyFloat(Number(node.digits));
    case 'bigint':
      return BigInt(node.digits);
  }
}

function evaluatePair(
  first: Expression,
  second: Expression,
  scope: Scope,
  next: (a: JinjaValue, b: JinjaValue) => Answer,
): Answer {
  const a = evaluate(first, scope);
  if (a instanceof Promise) {
    return a.then((left) => chain(evaluate(second, scope), (right) => next(left, right)));
  }
  const b = evaluate(second, scope);
  return b instanceof Promise ? b.then((right) => next(a, right)) : next(a, b);
}

export function resolveName(name: string, scope: Scope): JinjaValue {
  const local = scope.find(name);
  if (local !== undefined) return local;
  const { globals, runtime } = scope.activation;
  const given = globals.get(name);
  const value = given === undefined ? runtime.builtins.get(name) : given;
  return value === undefined
    ? new Undefined(runtime.undefinedMode, `'${name}' is undefined`, () =>
        suggestName(name, [
          ...scope.names(),
          ...(globals.names?.() ?? []),
          ...runtime.builtins.keys(),
        ]),
      )
    : value;
}

function evaluateCondition(node: Extract<Expression, { kind: 'condition' }>, scope: Scope): Answer {
  return chain(evaluate(node.test, scope), (test) => {
    if (isTrue(test)) return evaluate(node.value, scope);
    if (node.otherwise !== null) return evaluate(node.otherwise, scope);
    // Even where undefined names are refused, a missing else is not: so Jinja has it.
    return new Undefined(
      'permissive',
      'the inline if-expression evaluated to false and no else section was defined.',
    );
  });
}

function evaluateCompare(node: CompareNode, left: JinjaValue, index: number, scope: Scope): Answer {
  const step = node.rest[index];
  if (step === undefined) return true;
  return chain(evaluate(step.right, scope), (right) => {
    scope.activation.at = node.at;
    const isHolding = compareBy(step.operator, left, right);
    if (!isHolding || index === node.rest.length - 1) return isHolding;
    return evaluateCompare(node, right, index + 1, scope);
  });
}

function compareBy(operator: CompareOperator, a: JinjaValue, b: JinjaValue): boolean {
  switch (operator) {
    case '==':
      return isEqual(a, b);
    case '!=':
      return !isEqual(a, b);
    case 'in':
      return contains(b, a);
    case 'not in':
      return !contains(b, a);
    default:
      return isOrdered(operator, a, b);
  }
}

function evaluateDict(
  pairs: readonly { key: Expression; value: Expression }[],
  scope: Scope,
): Answer {
  const dict = new PyDict();
  const entries = mapInOrder(pairs, (pair) =>
    evaluatePair(pair.key, pair.value, scope, (key, value) => {
      dict.set(key, value);
      return null;
    }),
  );
  return chain(entries, () => dict);
}

function evaluateSlice(node: SliceNode, scope: Scope): Answer {
  const parts = [node.target, node.start, node.stop, node.step].map((part) => ({ part }));
  const values = mapInOrder(parts, ({ part }) => (part === null ? null : evaluate(part, scope)));
  return chain(values, ([target = null, start = null, stop = null, step = null]) => {
    scope.activation.at = node.at;
    return getSlice(target, { start, stop, step });
  });
}

/** Evaluates a call; a method of a builtin value runs without a function object between. */
function evaluateCall(node: CallNode, scope: Scope): Answer {
  const { callee } = node;
  if (callee.kind !== 'attribute') {
    return chain(evaluate(callee, scope), (target) => finishCall(node, target, scope));
  }
  return chain(evaluate(callee.target, scope), (self) => {
    const method = findMethod(self, callee.name);
    if (method !== undefined) {
      return withArguments(node.args, scope, (args, kwargs) => {
        scope.activation.at = node.at;
        countStep(scope.activation.runtime);
        return method(args, kwargs, scope.activation);
      });
    }
    scope.activation.at = callee.at;
    const target = getAttribute(self, callee.name, scope.activation.undefinedMode);
    return chain(target, (value) => finishCall(node, value, scope));
  });
}

function finishCall(node: CallNode, target: JinjaValue, scope: Scope): Answer {
  return withArguments(node.args, scope, (args, kwargs) => {
    scope.activation.at = node.at;
    countStep(scope.activation.runtime);
    return callValue(target, args, kwargs, scope.activation);
  });
}

/** Evaluates arguments in order, spreads included, and goes on with them. */
export function withArguments(
  node: Arguments,
  scope: Scope,
  next: (args: readonly JinjaValue[], kwargs: Kwargs) => Answer,
): Answer {
  const args = mapInOrder(node.positional, (item) => evaluate(item, scope));
  if (node.named.length === 0 && node.spread === null && node.spreadNamed === null) {
    return args instanceof Promise
      ? args.then((list) => next(list, noKwargs))
      : next(args, noKwargs);
  }
  return chain(args, (list) => {
    const kwargs = new Map<string, JinjaValue>();
    const named = mapInOrder(node.named, (pair) =>
      chain(evaluate(pair.value, scope), (value) => {
        if (kwargs.has(pair.name)) throw typeError(`keyword argument repeated: ${pair.name}`);
        kwargs.set(pair.name, value);
        return null;
      }),
    );
    return chain(named, () => spreadArguments(node, list, kwargs, scope, next));
  });
}

function spreadArguments(
  node: Arguments,
  list: JinjaValue[],
  kwargs: Map<string, JinjaValue>,
  scope: Scope,
  next: (args: readonly JinjaValue[], kwargs: Kwargs) => Answer,
): Answer {
  const spread = node.spread === null ? [] : evaluate(node.spread, scope);
  return chain(spread, (more) => {
    const all = node.spread === null ? list : [...list, ...toList(more)];
    if (node.spreadNamed === null) return next(all, kwargs);
    return chain(evaluate(node.spreadNamed, scope), (extra) => {
      if (!(extra instanceof PyDict)) throw typeError('argument after ** must be a mapping');
      for (const [key, value] of extra.entries()) {
        if (typeof key !== 'string') throw typeError('keywords must be strings');
        if (kwargs.has(key)) throw typeError(`got multiple values for keyword argument '${key}'`);
        kwargs.set(key, value);
      }
      return next(all, kwargs);
    });
  });
}

function evaluateFilter(node: FilterNode, scope: Scope): Answer {
  if (node.target === null) throw jinjaError('jinja-syntax', 'a filter without a value');
  return chain(evaluate(node.target, scope), (value) => applyFilter(node, value, scope));
}

/** Runs one filter of a chain on a value already there. */
function applyFilter(node: FilterNode, value: JinjaValue, scope: Scope): Answer {
  return withArguments(node.args, scope, (args, kwargs) => {
    scope.activation.at = node.at;
    return scope.activation.findFilter(node.name)(value, args, kwargs, scope.activation);
  });
}

/** Runs a chain of filters whose innermost target is missing: of filter blocks and block sets. */
export function applyFilterChain(node: FilterNode, value: JinjaValue, scope: Scope): Answer {
  const { target } = node;
  const inner = target?.kind === 'filter' ? applyFilterChain(target, value, scope) : value;
  return chain(inner, (result) => applyFilter(node, result, scope));
}

function evaluateTest(node: TestNode, scope: Scope): Answer {
  return chain(evaluate(node.target, scope), (value) =>
    withArguments(node.args, scope, (args, kwargs) => {
      scope.activation.at = node.at;
      const test = scope.activation.findTest(node.name);
      return isTrue(test(value, args, kwargs, scope.activation));
    }),
  );
}
