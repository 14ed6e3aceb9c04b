import { judgeWarning } from '../words/warning-rules.ts';
import type { ModelFault } from './model-fault.ts';
import type { ModelProjectOptions } from './project-shape.ts';
import type { Spoken } from './spoken.ts';
import { refusedWarnings } from './template-warnings.ts';

/**
 * What of the faults of a project is told now, and how: what was found in the files is kept as it
 * is, while the day and `warn_error_options` are those of one command.
 */
export function toldFaults(
  faults: readonly ModelFault[],
  { nowMs, warningRules }: Pick<ModelProjectOptions, 'nowMs' | 'warningRules'>,
  spoken: readonly Spoken[] = [],
): readonly ModelFault[] {
  const found = faults.filter((fault) => isDue(fault, nowMs));
  const due = [...found, ...refusedWarnings(spoken, warningRules)];
  if (warningRules === undefined) return due;
  return due.flatMap((fault) => {
    if (fault.severity === 'error') return [fault];
    const judged = judgeWarning(warningRules, fault.name);
    if (judged === 'silent') return [];
    if (judged === 'warning') return [fault];
    // As in dbt nothing is done then: it is the project's fault, not one node's.
    const { nodeId: _, ...others } = fault;
    return [{ ...others, severity: 'error' as const, isRefused: true as const }];
  });
}

function isDue({ fromMs, untilMs }: ModelFault, nowMs: number | undefined): boolean {
  if (fromMs === undefined && untilMs === undefined) return true;
  return nowMs !== undefined && nowMs >= (fromMs ?? nowMs) && nowMs < (untilMs ?? Infinity);
}
