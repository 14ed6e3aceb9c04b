import type { Target } from './ast.ts';
import { resolveName } from './evaluate-expression.ts';
import { toList, tryIterate } from './iterate.ts';
import { typeError, valueError } from './jinja-error.ts';
import type { Scope } from './scope.ts';
import { type JinjaValue, Namespace, typeName } from './values.ts';

/** Binds a value to a target in `scope`, unpacking it where the target is a tuple. */
export function assignTarget(target: Target, value: JinjaValue, scope: Scope): void {
  switch (target.kind) {
    case 'name':
      scope.set(target.name, value);
      return;
    case 'namespace': {
      const namespace = resolveName(target.name, scope);
      if (!(namespace instanceof Namespace)) {
        scope.activation.at = target.at;
        throw typeError(
          'cannot assign attribute on non-namespace object',
          `make it one: {% set ${target.name} = namespace() %}`,
        );
      }
      namespace.attributes.set(target.attribute, value);
      return;
    }
    case 'targets':
      unpack(target.items, value, scope);
  }
}

function unpack(targets: readonly Target[], value: JinjaValue, scope: Scope): void {
  if (tryIterate(value) === undefined) {
    throw typeError(`cannot unpack non-iterable ${typeName(value)} object`);
  }
  const items = toList(value);
  if (items.length < targets.length) {
    throw valueError(
      `not enough values to unpack (expected ${targets.length}, got ${items.length})`,
    );
  }
  if (items.length > targets.length) {
    throw valueError(`too many values to unpack (expected ${targets.length})`);
  }
  for (const [i, target] of targets.entries()) assignTarget(target, items[i] ?? null, scope);
}
