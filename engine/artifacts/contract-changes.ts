import { asConfig, asList, type Config } from '../declare/config.ts';
import { heldTypes } from '../declare/constraints.ts';

const holdingMaterializations: ReadonlySet<unknown> = new Set(['table', 'incremental']);

export const isPromised = (entry: Config): boolean =>
  asConfig(asConfig(entry['config'])['contract'])['enforced'] === true;

/**
 * What those who rely on a model's enforced contract lose with how it is now: entries of two
 * manifests, `now` undefined where there is no such model any more. Empty where nothing is lost, or
 * the model was to be gone by now.
 */
export function findBrokenPromises(
  before: Config,
  now: Config | undefined,
  nowMs: number,
): string[] {
  if (!isPromised(before)) return [];
  if (now === undefined || asConfig(now['config'])['enabled'] === false) {
    const announced = Date.parse(String(before['deprecation_date']));
    return announced < nowMs ? [] : [now ? 'it is disabled' : 'it is gone'];
  }
  const columns = asConfig(before['columns']);
  const lost = isPromised(now) ? [] : ['its contract is no longer enforced'];
  for (const [name, column] of Object.entries(columns)) {
    const other = asConfig(now['columns'])[name];
    const [was, is] = [typeOf(column), typeOf(other)];
    if (other === undefined) lost.push(`the column ${name} is gone`);
    else if (was !== is) lost.push(`the column ${name} was ${was} and is ${is}`);
    else if (isHolding(before)) lost.push(...lostConstraints(column, other, `of ${name}`));
  }
  if (!isHolding(before)) return lost;
  lost.push(...lostConstraints(before, now, 'of the model'));
  const all = [before, ...Object.values(columns)].flatMap(constraintsIn);
  if (!isHolding(now) && all.length > 0) {
    const { materialized: was } = asConfig(before['config']);
    const { materialized: is } = asConfig(now['config']);
    lost.push(`constraints are not held: it was a ${String(was)} and is a ${String(is)}`);
  }
  return lost;
}

const typeOf = (column: unknown): string => String(asConfig(column)['data_type'] ?? 'of no type');
const isHolding = (entry: Config): boolean =>
  holdingMaterializations.has(asConfig(entry['config'])['materialized']);

/** Each as one text: its type, and what it says. */
function constraintsIn(entry: unknown): (readonly [type: string, text: string])[] {
  return asList(asConfig(entry)['constraints']).map((one) => {
    const { type, name, expression, columns } = asConfig(one);
    return [String(type), JSON.stringify([type, name, expression, asList(columns)])];
  });
}

function lostConstraints(before: unknown, now: unknown, where: string): string[] {
  const kept = new Set(constraintsIn(now).map(([, text]) => text));
  return constraintsIn(before)
    .filter(([type, text]) => heldTypes.has(type) && !kept.has(text))
    .map(([type]) => `the constraint ${type} ${where} is gone`);
}
