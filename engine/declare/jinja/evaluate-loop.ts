import { assignTarget } from './assign.ts';
import type { ForNode } from './ast.ts';
import { isEqual } from './compare.ts';
import { evaluate } from './evaluate-expression.ts';
import { isTrue, toList } from './iterate.ts';
import { jinjaError, typeError } from './jinja-error.ts';
import { chain } from './maybe-promise.ts';
import { type Jump, Output } from './output.ts';
import { countStep, Scope } from './scope.ts';
import { HostObject, type JinjaValue, type MaybePromise, PyTuple, Undefined } from './values.ts';

/** Runs a `for` statement. */
export function runLoop(node: ForNode, scope: Scope, out: Output): MaybePromise<Jump> {
  return chain(evaluate(node.iterable, scope), (iterable) => {
    scope.activation.at = node.iterable.at;
    return runOver(node, iterable, scope, out, 0);
  });
}

function runOver(
  node: ForNode,
  iterable: JinjaValue,
  scope: Scope,
  out: Output,
  depth: number,
): MaybePromise<Jump> {
  const { runtime } = scope.activation;
  if (depth > runtime.depthMax) {
    throw jinjaError('jinja-depth', `a loop more than ${runtime.depthMax} deep (depthMax)`);
  }
  // A list is walked live, so that a body which appends to it sees what it appended.
  const items = Array.isArray(iterable) && node.test === null ? iterable : toList(iterable);
  return chain(filterItems(node, items, scope), (kept) => {
    if (kept.length === 0) {
      return runtime.runBody(node.otherwise, new Scope(scope.activation, scope), out);
    }
    return new LoopRun(node, kept, scope, out, depth).turn();
  });
}

/** The items that pass the loop's `if`. */
function filterItems(node: ForNode, items: JinjaValue[], scope: Scope): MaybePromise<JinjaValue[]> {
  const { test } = node;
  if (test === null) return items;
  const kept: JinjaValue[] = [];
  const look = (from: number): MaybePromise<JinjaValue[]> => {
    for (let i = from; i < items.length; i += 1) {
      const item = items[i];
      if (item === undefined) break;
      const inner = new Scope(scope.activation, scope);
      assignTarget(node.target, item, inner);
      countStep(scope.activation.runtime);
      const answer = evaluate(test, inner);
      if (answer instanceof Promise) {
        return answer.then((value) => {
          if (isTrue(value)) kept.push(item);
          return look(i + 1);
        });
      }
      if (isTrue(answer)) kept.push(item);
    }
    return kept;
  };
  return look(0);
}

/** One loop as it runs; what `loop` shows of it is read when asked for. */
class LoopRun {
  readonly #node: ForNode;
  readonly #items: JinjaValue[];
  readonly #scope: Scope;
  readonly #out: Output;
  readonly #depth: number;
  readonly #loop: HostObject;
  #index = 0;
  #changed: JinjaValue | undefined;

  constructor(node: ForNode, items: JinjaValue[], scope: Scope, out: Output, depth: number) {
    this.#node = node;
    this.#items = items;
    this.#scope = scope;
    this.#out = out;
    this.#depth = depth;
    this.#loop = this.#createLoop();
  }

  /** Runs the turns that are left. */
  turn(): MaybePromise<Jump> {
    const { activation } = this.#scope;
    const { runtime } = activation;
    for (; this.#index < this.#items.length; this.#index += 1) {
      const item = this.#items[this.#index];
      if (item === undefined) break;
      activation.at = this.#node.at;
      countStep(runtime);
      const inner = new Scope(activation, this.#scope);
      inner.set('loop', this.#loop);
      assignTarget(this.#node.target, item, inner);
      const jump = runtime.runBody(this.#node.body, inner, this.#out);
      if (jump instanceof Promise) {
        return jump.then((later) => {
          this.#index += 1;
          return later === 'break' ? undefined : this.turn();
        });
      }
      if (jump === 'break') break;
    }
    return undefined;
  }

  #createLoop(): HostObject {
    const recurse = (items: JinjaValue): MaybePromise<JinjaValue> => {
      if (!this.#node.isRecursive) {
        throw typeError(
          "The loop must have the 'recursive' marker to be called recursively.",
          'write {% for … in … recursive %}',
        );
      }
      const out = new Output();
      const run = runOver(this.#node, items, this.#scope, out, this.#depth + 1);
      return chain(run, () => out.text);
    };
    return new HostObject({
      typeName: 'LoopContext',
      text: () => `<LoopContext ${this.#index + 1}/${this.#items.length}>`,
      attribute: (name) => this.#read(name),
      length: () => this.#items.length,
      isTrue: () => true,
      call: ([items = null]) => recurse(items),
    });
  }

  #read(name: string): JinjaValue | undefined {
    const index = this.#index;
    const { length } = this.#items;
    const mode = this.#scope.activation.undefinedMode;
    switch (name) {
      case 'index':
        return index + 1;
      case 'index0':
        return index;
      case 'revindex':
        return length - index;
      case 'revindex0':
        return length - index - 1;
      case 'first':
        return index === 0;
      case 'last':
        return index === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.#depth + 1;
      case 'depth0':
        return this.#depth;
      case 'previtem':
        return this.#items[index - 1] ?? this.#noItem(index - 1, mode, 'there is no previous item');
      case 'nextitem':
        return this.#items[index + 1] ?? this.#noItem(index + 1, mode, 'there is no next item');
      case 'cycle':
        return createFunction('cycle', (args) => {
          if (args.length === 0) throw typeError('no items for cycling given');
          return args[this.#index % args.length] ?? null;
        });
      case 'changed':
        return createFunction('changed', (args) => this.#hasChanged(new PyTuple(args)));
      default:
        return undefined;
    }
  }

  #noItem(index: number, mode: Undefined['mode'], complaint: string): JinjaValue {
    return index >= 0 && index < this.#items.length ? null : new Undefined(mode, complaint);
  }

  #hasChanged(value: PyTuple): boolean {
    const isSame = this.#changed !== undefined && isEqual(this.#changed, value);
    this.#changed = value;
    return !isSame;
  }
}

function createFunction(
  name: string,
  call: (args: readonly JinjaValue[]) => JinjaValue,
): HostObject {
  return new HostObject({ typeName: 'method', text: () => `<method ${name}>`, call });
}
