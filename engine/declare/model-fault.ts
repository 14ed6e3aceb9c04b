/** One fault in the files of a model project, as people see it. Lines and columns count from 1. */
export interface ModelFault {
  /** Relative to the project's root. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do next; absent where the message says it all. */
  readonly hint?: string;
  /** A warning stops nothing; an error stops the node it names, or the run when it names none. */
  readonly severity: 'error' | 'warning';
  /** The node that cannot be built because of it. */
  readonly nodeId?: string;
  /** dbt's name of a warning's kind, where it has one: `warn_error_options` go by it. */
  readonly name?: string;
  /** It is told from then on, or only before then; absent: always. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** A warning that `warn_error_options` make an error: nothing is done then. */
  readonly isRefused?: true;
}

type Extra = Pick<ModelFault, 'hint' | 'nodeId' | 'name' | 'fromMs' | 'untilMs'>;

/** Where in a file something stands. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Gathers faults, so that one does not hide the next. */
export interface FaultList {
  readonly all: readonly ModelFault[];
  error(place: Place, message: string, extra?: Extra): void;
  warn(place: Place, message: string, extra?: Extra): void;
  /** Takes over what was gathered elsewhere. */
  add(faults: readonly ModelFault[]): void;
}

export function collectFaults(): FaultList {
  const all: ModelFault[] = [];
  const add =
    (severity: ModelFault['severity']): FaultList['error'] =>
    (place, message, extra = {}) => {
      const { file, line, column } = place;
      all.push({ file, line, column, message, severity, ...extra });
    };
  return {
    all,
    error: add('error'),
    warn: add('warning'),
    add: (faults) => {
      all.push(...faults);
    },
  };
}

/** Faults as a command tells them, each with its severity: what several nodes share, once. */
export function formatFaults(faults: readonly ModelFault[]): string[] {
  return [...new Set(faults.map((fault) => `${fault.severity}: ${formatFault(fault)}`))];
}

/** `models/a.sql:3:7 message (hint)`: one line for people. */
export function formatFault(fault: ModelFault): string {
  const { file, line, column, message, hint } = fault;
  const told = hint === undefined ? message : `${message.replace(/\.$/, '')}; ${hint}`;
  return `${file}:${line}:${column} ${told}`;
}
