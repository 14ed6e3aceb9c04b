import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../words/clock.ts';
import { assertThat, messageOf } from '../words/errors.ts';
import { type Invocation, saveInvocation } from './invocations.ts';
import { nextNumber, optionalText, type StateDb, type StateRow } from './state-db.ts';

/** killed: the process ended before it could say how the run went. */
const runStatuses = ['running', 'succeeded', 'failed', 'stopped', 'killed'] as const;
export type RunStatus = (typeof runStatuses)[number];

/** stopped: ended cleanly before its work was done (budget, signal); the next run goes on. */
export const stepStatuses = [
  'running',
  'succeeded',
  'reused',
  'failed',
  'skipped',
  'stopped',
  'killed',
] as const;
export type StepStatus = (typeof stepStatuses)[number];

/** Numbers with their unit in the name: rows, calls, bytes. */
export type Counts = Readonly<Record<string, number>>;

export interface RunRecord {
  readonly runId: string;
  readonly command: string;
  readonly pipeline: string | undefined;
  readonly status: RunStatus;
  readonly boundaryAt: string;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  readonly pid: number;
  readonly host: string;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly counts: Counts;
  /** Grows with every change of any run or step. */
  readonly change: number;
}

export interface StepRecord {
  readonly runId: string;
  readonly step: string;
  readonly kind: string;
  readonly name: string;
  readonly status: StepStatus;
  readonly reason: string | undefined;
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly counts: Counts;
  readonly change: number;
}

export interface StepStart {
  /** Unique in the run, e.g. `extract:salesforce.Account`. */
  readonly step: string;
  readonly kind: string;
  readonly name: string;
}

export interface StepEnd {
  readonly status: Exclude<StepStatus, 'running'>;
  readonly counts?: Counts;
  /** Why it was skipped or reused; never values from a CRM. */
  readonly reason?: string;
  readonly error?: unknown;
  /** ISO 8601; absent: now. */
  readonly finishedAt?: string;
}

export interface StepEnded {
  readonly step: StepStart;
  readonly end: StepEnd;
}

export interface RunStart {
  readonly command: string;
  readonly pipeline?: string;
  readonly boundaryMs: number;
  /** Absent: it cannot be asked for again. */
  readonly invocation?: Invocation;
}

export interface RunStore {
  /** Also marks runs that a killed process left as running: call it holding the process lock. */
  startRun(run: RunStart): string;
  finishRun(runId: string, end: { status: RunStatus; counts?: Counts; error?: unknown }): void;
  startStep(runId: string, step: StepStart): void;
  /** Ends a started step, or records one that never started (skipped, reused). */
  finishStep(runId: string, step: StepStart, end: StepEnd): void;
  /** As `finishStep`, for several in one commit. */
  finishSteps(runId: string, steps: readonly StepEnded[]): void;
  listRuns(limit: number): RunRecord[];
  findRun(runId: string): RunRecord | undefined;
  listSteps(runId: string): StepRecord[];
  /** What changed after the given point, in the order of change, for the warehouse's copy. */
  runsChangedAfter(change: number, limit: number): RunRecord[];
  stepsChangedAfter(change: number, limit: number): StepRecord[];
  /** The number of the newest change of any run or step; 0 before the first. */
  newestChange(): number;
}

export function createRunStore(db: StateDb, clock: Clock): RunStore {
  const now = (): string => new Date(clock.now()).toISOString();
  const finishSteps: RunStore['finishSteps'] = (runId, steps) =>
    db.note(() => {
      for (const { step, end } of steps) {
        const finishedAt = end.finishedAt ?? now();
        writeStep(db, runId, step, end, { startedAt: null, finishedAt });
      }
    });
  return {
    startRun: (run) => db.transaction(() => startRun(db, run, now())),
    finishRun: (runId, end) => db.transaction(() => finishRun(db, runId, end, now())),
    // Every call and step would wait for the disk; `finishRun` puts them there, and the copy in the
    // warehouse is made after it.
    startStep: (runId, step) =>
      db.note(() => {
        writeStep(db, runId, step, { status: 'running' }, { startedAt: now(), finishedAt: null });
      }),
    finishStep: (runId, step, end) => finishSteps(runId, [{ step, end }]),
    finishSteps,
    listRuns: (limit) =>
      db.all('select * from runs order by started_at desc, change desc limit ?', limit).map(toRun),
    findRun: (runId) => {
      const row = db.get('select * from runs where run_id = ?', runId);
      return row && toRun(row);
    },
    listSteps: (runId) =>
      db.all('select * from run_steps where run_id = ? order by rowid', runId).map(toStep),
    runsChangedAfter: (change, limit) =>
      db
        .all('select * from runs where change > ? order by change limit ?', change, limit)
        .map(toRun),
    stepsChangedAfter: (change, limit) =>
      db
        .all('select * from run_steps where change > ? order by change limit ?', change, limit)
        .map(toStep),
    newestChange: () => Number(db.get("select value from meta where name = 'change'")?.['value']),
  };
}

function startRun(db: StateDb, run: RunStart, now: string): string {
  const runId = newRunId(run.boundaryMs);
  for (const { run_id: lost } of db.all("select run_id from runs where status = 'running'")) {
    finishRun(db, String(lost), { status: 'killed' }, null);
  }
  db.run(
    `insert into runs (run_id, change, command, pipeline, status, boundary_at, started_at, pid,
       host, counts)
     values (?, ?, ?, ?, 'running', ?, ?, ?, ?, '{}')`,
    runId,
    nextNumber(db, 'change'),
    run.command,
    run.pipeline ?? null,
    new Date(run.boundaryMs).toISOString(),
    now,
    process.pid,
    hostname(),
  );
  if (run.invocation) saveInvocation(db, runId, run.invocation);
  return runId;
}

function finishRun(
  db: StateDb,
  runId: string,
  end: { status: RunStatus; counts?: Counts; error?: unknown },
  now: string | null,
): void {
  // A step that is still running when its run ends was cut off with it.
  const open = db.all(
    "select step from run_steps where run_id = ? and status = 'running' order by rowid",
    runId,
  );
  for (const { step } of open) {
    db.run(
      "update run_steps set status = 'killed', change = ? where run_id = ? and step = ?",
      nextNumber(db, 'change'),
      runId,
      String(step),
    );
  }
  const changed = db.run(
    `update runs set status = ?, finished_at = ?, counts = ?, error_code = ?, error_message = ?,
       change = ?
     where run_id = ?`,
    end.status,
    now,
    JSON.stringify(end.counts ?? {}),
    codeOf(end.error),
    end.error === undefined ? null : messageOf(end.error),
    nextNumber(db, 'change'),
    runId,
  );
  assertThat(changed === 1, `run ${runId} was started before it is finished`);
}

function writeStep(
  db: StateDb,
  runId: string,
  step: StepStart,
  end: Omit<StepEnd, 'status'> & { status: StepStatus },
  at: { startedAt: string | null; finishedAt: string | null },
): void {
  db.run(
    `insert into run_steps (run_id, step, change, kind, name, status, reason, started_at,
       finished_at, error_code, error_message, counts)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (run_id, step) do update set
       change = excluded.change,
       status = excluded.status,
       reason = excluded.reason,
       started_at = coalesce(excluded.started_at, started_at),
       finished_at = excluded.finished_at,
       error_code = excluded.error_code,
       error_message = excluded.error_message,
       counts = excluded.counts`,
    runId,
    step.step,
    nextNumber(db, 'change'),
    step.kind,
    step.name,
    end.status,
    end.reason ?? null,
    at.startedAt,
    at.finishedAt,
    codeOf(end.error),
    end.error === undefined ? null : messageOf(end.error),
    JSON.stringify(end.counts ?? {}),
  );
}

/** Sorts by time and stays unique: people read these in `runs` and type them to `undo`. */
function newRunId(boundaryMs: number): string {
  const stamp = new Date(boundaryMs).toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  return `${stamp.toLowerCase()}-${randomUUID().slice(0, 6)}`;
}

function codeOf(error: unknown): string | null {
  if (error === undefined) return null;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unexpected';
}

function toRun(row: StateRow): RunRecord {
  return {
    runId: String(row['run_id']),
    command: String(row['command']),
    pipeline: optionalText(row['pipeline']),
    status: row['status'] as RunStatus,
    boundaryAt: String(row['boundary_at']),
    startedAt: String(row['started_at']),
    finishedAt: optionalText(row['finished_at']),
    pid: Number(row['pid']),
    host: String(row['host']),
    errorCode: optionalText(row['error_code']),
    errorMessage: optionalText(row['error_message']),
    counts: JSON.parse(String(row['counts'])) as Counts,
    change: Number(row['change']),
  };
}

function toStep(row: StateRow): StepRecord {
  return {
    runId: String(row['run_id']),
    step: String(row['step']),
    kind: String(row['kind']),
    name: String(row['name']),
    status: row['status'] as StepStatus,
    reason: optionalText(row['reason']),
    startedAt: optionalText(row['started_at']),
    finishedAt: optionalText(row['finished_at']),
    errorCode: optionalText(row['error_code']),
    errorMessage: optionalText(row['error_message']),
    counts: JSON.parse(String(row['counts'])) as Counts,
    change: Number(row['change']),
  };
}
