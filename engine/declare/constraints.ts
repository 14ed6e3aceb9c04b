import type { NodeConfig } from '../words/node.ts';
import { didYouMean } from '../words/suggest.ts';
import { asConfig, asList, type Config } from './config.ts';
import type { FaultList } from './model-fault.ts';
import type { NodePatch } from './properties.ts';

const held = ['check', 'not_null', 'unique', 'primary_key'];
/** Types of constraints that are held: what reads the model may rely on them. */
export const heldTypes: ReadonlySet<unknown> = new Set(held);
export const constraintTypes: readonly string[] = [...held, 'foreign_key', 'custom'];

/** Faults of a model's constraints, and those of an enforced contract that are not held here. */
export function reportConstraints(
  patch: NodePatch,
  { materialization, incrementalStrategy, raw }: NodeConfig,
  nodeId: string,
  faults: FaultList,
): void {
  const { name, place } = patch;
  const error = (message: string, hint: string): void =>
    faults.error(place, `the constraints of ${name}: ${message}`, { hint, nodeId });
  const ofModel = asList(patch.constraints).map(asConfig);
  const ofColumns = patch.columns.map((column) => ({
    name: column.name,
    constraints: asList(column.constraints).map(asConfig),
  }));
  const isKey = ({ type }: Config): boolean => type === 'primary_key';
  const keyed = ofColumns.filter(({ constraints }) => constraints.some(isKey));
  const asOne = 'say it once, of the model: {type: primary_key, columns: [...]}';
  if (keyed.length > 1)
    error(`${keyed.map((one) => one.name).join(', ')} are each primary_key`, asOne);
  if (keyed.length > 0 && ofModel.some(isKey)) {
    error('the model and a column of it have a primary_key', asOne);
  }
  if (asConfig(raw['contract'])['enforced'] !== true) return;
  const all = [...ofModel, ...ofColumns.flatMap(({ constraints }) => constraints)];
  for (const { type } of all) {
    if (constraintTypes.includes(String(type))) continue;
    error(
      `"${String(type)}" is no type${didYouMean(String(type), constraintTypes)}`,
      `one of ${constraintTypes.join(', ')}`,
    );
  }
  const isHolding =
    materialization === 'table' ||
    (materialization === 'incremental' && incrementalStrategy !== 'microbatch');
  const unsupported = all.filter((one) => one['warn_unsupported'] !== false);
  if (!isHolding && unsupported.length > 0) {
    const what = incrementalStrategy === 'microbatch' ? 'microbatch' : materialization;
    faults.warn(place, `the constraints of ${name} are not held: it is a ${what}`, {
      name: 'UnsupportedConstraintMaterialization',
      hint: 'make it a table, test it in their place, or say warn_unsupported: false of each',
    });
  }
  if (!isHolding) return;
  const loose = all.filter(
    (one) => one['warn_unenforced'] !== false && !heldTypes.has(one['type']),
  );
  for (const type of new Set(loose.map((one) => String(one['type'])))) {
    if (!constraintTypes.includes(type)) continue;
    faults.warn(place, `the constraint ${type} of ${name} is not held`, {
      name: 'ConstraintNotEnforced',
      hint: `${type === 'foreign_key' ? 'a relationships test holds it' : 'a test may hold it'}; warn_unenforced: false leaves this out`,
    });
  }
}
