import { createHash } from 'node:crypto';
import { asConfig, asList, asTexts, type Config } from '../declare/config.ts';
import { constraintTypes } from '../declare/constraints.ts';
import { reprValue } from '../declare/jinja/print.ts';
import { toPython } from '../declare/jinja/python-value.ts';
import type { ModelNode } from '../declare/model-node.ts';

/** Constraints in dbt's shape: every key, in its order; what is of no known type is left out. */
export function constraintsOf(written: unknown, level: 'column' | 'model'): Config[] {
  return asList(written)
    .map(asConfig)
    .filter(({ type }) => constraintTypes.includes(String(type)))
    .map((one) => ({
      type: one['type'],
      name: one['name'] ?? null,
      expression: one['expression'] ?? null,
      warn_unenforced: one['warn_unenforced'] !== false,
      warn_unsupported: one['warn_unsupported'] !== false,
      to: one['to'] ?? null,
      to_columns: asTexts(one['to_columns']),
      ...(level === 'model' ? { columns: asTexts(one['columns']) } : {}),
    }));
}

/** The digest by which dbt sees that a contract was changed, made of what Python prints. */
export function contractChecksum(node: ModelNode): string {
  const columns = node.columns.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  const parts = columns.map(
    ({ name, dataType, constraints }) =>
      `|${name}${dataType ?? 'None'}${printConstraints(constraints, 'column')}`,
  );
  const { materialization } = node.nodeConfig;
  if (materialization === 'table' || materialization === 'incremental') {
    parts.push(materialization, printConstraints(node.constraints, 'model'));
  }
  return createHash('sha256').update(parts.join('')).digest('hex');
}

function printConstraints(written: unknown, level: 'column' | 'model'): string {
  const name = level === 'model' ? 'ModelLevelConstraint' : 'ColumnLevelConstraint';
  const printed = constraintsOf(written, level).map((constraint) => {
    const fields = Object.entries(constraint).map(([key, value]) =>
      key === 'type'
        ? `type=<ConstraintType.${String(value)}: '${String(value)}'>`
        : `${key}=${reprValue(toPython(value))}`,
    );
    return `${name}(${fields.join(', ')})`;
  });
  return `[${printed.join(', ')}]`;
}
