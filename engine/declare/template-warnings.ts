import { TerminalError } from '../words/errors.ts';
import { type Log, silentLog } from '../words/log.ts';
import { judgeWarning, refusingFlags, type WarningRules } from '../words/warning-rules.ts';
import type { ModelFault } from './model-fault.ts';
import type { ModelProjectOptions } from './project-shape.ts';
import type { Spoken } from './spoken.ts';

type Told = Pick<ModelProjectOptions, 'log' | 'warningRules'>;

/** What `exceptions.warn` of a template says, and dbt's name of it. */
export const templateWarning = 'template-warning';
const dbtName = 'JinjaLogWarning';

/** Where what templates say is heard while files are read: what is refused is told as a fault. */
export function logOfReading({ log = silentLog, warningRules }: Told): Log {
  const isHeard = judgeWarning(warningRules, dbtName) === 'warning';
  if (isHeard) return log;
  return { ...log, warn: (event, fields) => event !== templateWarning && log.warn(event, fields) };
}

/** The same of later renderings: one that says what is refused fails. */
export function logOfRendering(told: Told): Log {
  const log = logOfReading(told);
  if (judgeWarning(told.warningRules, dbtName) !== 'error') return log;
  return {
    ...log,
    warn: (event, fields = {}) => {
      if (event !== templateWarning) return log.warn(event, fields);
      throw new TerminalError(`${String(fields['message'])} (an error by ${refusingFlags})`, {
        code: 'warning-refused',
        hint: `put ${dbtName} under warn: or silence: of warn_error_options`,
      });
    },
  };
}

/** What templates said while they were read, where it is to be an error. */
export function refusedWarnings(
  spoken: readonly Spoken[],
  warningRules: WarningRules | undefined,
): ModelFault[] {
  if (judgeWarning(warningRules, dbtName) !== 'error') return [];
  const warnings = spoken.filter(([, event]) => event === templateWarning);
  const places = warnings.map(([, , { file, message }]) => ({
    file: String(file),
    line: 1,
    column: 1,
    message: String(message),
    severity: 'error' as const,
    name: dbtName,
    isRefused: true as const,
  }));
  return [...new Map(places.map((one) => [JSON.stringify(one), one])).values()];
}
