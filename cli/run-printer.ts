import type { RunResult, StepProgress } from '../engine/run/run-plan.ts';
import { listCalls } from '../engine/state/calls.ts';
import { formatDuration } from '../engine/words/duration.ts';
import { formatCount, plural } from '../engine/words/plural.ts';
import type { Plan, Step, StepResult, StepStatus } from '../engine/words/step.ts';
import type { OpenedProject } from './open-project.ts';
import type { Terminal } from './terminal.ts';

const looks: Readonly<
  Record<StepStatus, { word: string; style: Parameters<Terminal['style']>[0] }>
> = {
  success: { word: 'ok', style: 'green' },
  warn: { word: 'warn', style: 'yellow' },
  reused: { word: 'reused', style: 'dim' },
  stopped: { word: 'stopped', style: 'yellow' },
  failed: { word: 'failed', style: 'red' },
  skipped: { word: 'skipped', style: 'dim' },
};

const wordWidth = 8;
/** A failure with more lines than this below it is told once more at the end. */
const nearLines = 8;
/** So many at the most: where all fail, the first say why. */
const retoldMax = 20;
/** How often the line of what is under way is written anew. */
const tickMs = 1_000;
/** How long a step has been under way; nothing within its first second. */
function tellSince(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  if (seconds === 0) return '';
  return seconds < 60 ? ` ${seconds} s` : ` ${formatDuration(seconds * 1_000)}`;
}

/** Accounts and days whose calls are summed up: far more than a project has in a year. */
const accountDaysMax = 10_000;
const kinds: Readonly<Record<Step['kind'], string>> = {
  extract: 'extract',
  materialize: 'build',
  history: 'history',
  check: 'test',
  sync: 'sync',
};

function labelOf(step: Step): string {
  switch (step.kind) {
    case 'extract':
      return `${step.connection}.${step.stream}`;
    case 'materialize':
    case 'history':
      return step.relation ? `${step.relation.schema}.${step.relation.name}` : step.name;
    case 'check':
      return step.name;
    case 'sync':
      return `${step.sync} → ${step.target}`;
  }
}

/** How many steps ended in each way; tests are told of apart. */
function tellSteps(steps: readonly StepResult[]): string {
  const counts = new Map<StepStatus, number>();
  for (const { kind, status } of steps) {
    if (kind !== 'check') counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${count} ${looks[name].word}`).join(', ');
}

/** What became of tests: of those that were steps of their own and of gates of a build. */
function tellTests(steps: readonly StepResult[]): string {
  const checks = steps.filter(({ kind }) => kind === 'check');
  const ended = (...statuses: readonly StepStatus[]): number =>
    checks.filter(({ status }) => statuses.includes(status)).length;
  const judged = (name: string): number =>
    steps.reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  const parts = [
    ['hold', ended('success', 'reused') + judged('tests_passed')],
    ['warn', ended('warn') + judged('tests_warned')],
    ['failed', ended('failed') + judged('tests_failed')],
    ['skipped', ended('skipped', 'stopped')],
  ] as const;
  const some = parts.filter(([, count]) => count > 0);
  return some
    .map(([word, count], place) => {
      const unit = place > 0 ? '' : count === 1 ? 'test ' : 'tests ';
      const verb = count === 1 && (word === 'hold' || word === 'warn') ? `${word}s` : word;
      return `${formatCount(count)} ${unit}${verb}`;
    })
    .join(', ');
}

export interface RunPrinter {
  onPlan(plan: Plan): void;
  onStart(step: Step): void;
  onProgress(step: Step, progress: StepProgress): void;
  onEnd(step: Step, result: StepResult): void;
  finish(result: RunResult): void;
}

/** The moving line of a terminal: how many steps have ended, and which are under way. */
function createProgressLine(terminal: Terminal, now: () => number, tellCalls: () => string) {
  const underWay = new Map<string, { readonly step: Step; sinceMs: number; done?: string }>();
  let total = 0;
  let ended = 0;
  const show = (): void => {
    if (!terminal.isInteractive || total === 0) return;
    const rows = [...underWay.values()].map(({ step, sinceMs, done }) => {
      return `${labelOf(step)}${done ?? tellSince(now() - sinceMs)}`;
    });
    terminal.progress(`${ended} of ${plural(total, 'step')}${tellCalls()}  ${rows.join('   ')}`);
  };
  /** A step that takes long is seen to go on. */
  const tick = terminal.isInteractive ? setInterval(show, tickMs).unref() : undefined;
  return {
    show,
    plan: (count: number) => {
      total = count;
    },
    start: (step: Step) => {
      underWay.set(step.id, { step, sinceMs: now() });
    },
    progress: (step: Step, { done, total: most, unit }: StepProgress) => {
      const { sinceMs = now() } = underWay.get(step.id) ?? {};
      const seconds = Math.max(0.001, (now() - sinceMs) / 1_000);
      const rate = `${formatCount(Math.round(done / seconds))}/s`;
      const left =
        most === undefined || done === 0
          ? ''
          : `, ${formatDuration(((most - done) / done) * seconds * 1_000)} left`;
      const of = most === undefined ? '' : ` of ${formatCount(most)}`;
      const amount = `${formatCount(done)}${of} ${unit}s`;
      underWay.set(step.id, { step, sinceMs, done: ` ${amount}, ${rate}${left}` });
      show();
    },
    end: (step: Step) => {
      ended += 1;
      underWay.delete(step.id);
    },
    stop: () => clearInterval(tick),
  };
}

/** One line a step as it ends, a moving line for what is under way; reused steps in a count. */
export function createRunPrinter(
  terminal: Terminal,
  opened: Pick<OpenedProject, 'clock' | 'state' | 'project'>,
): RunPrinter {
  const { now } = opened.clock;
  const startedMs = now();
  const countCalls = (): number =>
    listCalls(opened.state, accountDaysMax).reduce((sum, { used }) => sum + used, 0);
  const callsBefore = countCalls();
  const isCalling = opened.project.connections.size > 0;
  const tellCalls = (before: string): string =>
    isCalling ? `${before}${plural(countCalls() - callsBefore, 'call')}` : '';
  const line = createProgressLine(terminal, now, () => tellCalls(', '));
  /** Failures told so far: one refused sign-in fails every stream of its connection. */
  const told = new Set<string>();
  /** What was printed of failed steps, and how many lines stood above it. */
  const failures: { readonly lines: readonly string[]; readonly at: number }[] = [];
  let printed = 0;
  return {
    onPlan: (plan) => line.plan(plan.steps.length),
    onStart: (step) => line.start(step),
    onProgress: (step, progress) => line.progress(step, progress),
    onEnd: (step, result) => {
      line.end(step);
      if (result.status === 'reused') {
        line.show();
        return;
      }
      const { word, style } = looks[result.status];
      const head = terminal.style(style, word.padEnd(wordWidth));
      const took = result.status === 'skipped' ? '' : ` (${formatDuration(result.durationMs)})`;
      const isRepeated = result.status === 'failed' && told.has(result.message);
      if (result.status === 'failed') told.add(result.message);
      const message = isRepeated ? 'for the same reason' : result.message;
      const lines = [
        `${head}${kinds[step.kind].padEnd(wordWidth)}${labelOf(step)}: ${message}${took}`,
        ...(result.hint && result.status !== 'success' && !isRepeated
          ? [`${' '.repeat(2 * wordWidth)}${result.hint}`]
          : []),
      ];
      for (const line of lines) terminal.out(line);
      printed += lines.length;
      if (result.status === 'failed') failures.push({ lines, at: printed });
    },
    finish: ({ runId, status, steps }) => {
      line.stop();
      const took = formatDuration(now() - startedMs);
      const told = [tellSteps(steps), tellTests(steps)].filter((part) => part !== '');
      const done = told.join('; ') || 'nothing to do';
      if (failures.some(({ at }) => printed - at > nearLines)) {
        const more = failures.length - retoldMax;
        terminal.out(`\nwhat failed${more > 0 ? `, and ${more} more above` : ''}:`);
        for (const line of failures.slice(0, retoldMax).flatMap(({ lines }) => lines)) {
          terminal.out(line);
        }
      }
      terminal.out(`run ${runId} ${status} in ${took}: ${done}${tellCalls('; ')}`);
    },
  };
}
