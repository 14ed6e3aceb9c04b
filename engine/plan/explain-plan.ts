import { plural } from '../words/plural.ts';
import type {
  BuildStep,
  CheckStep,
  ExtractStep,
  Impact,
  Plan,
  Step,
  SyncStep,
} from '../words/step.ts';
import { formatRelation } from '../words/table.ts';
import { explainRows } from './explain-rows.ts';

function stepsOf<K extends Step['kind']>(plan: Plan, ...kinds: K[]): Extract<Step, { kind: K }>[] {
  return plan.steps.filter((step): step is Extract<Step, { kind: K }> =>
    (kinds as string[]).includes(step.kind),
  );
}

function isDone(step: Step): boolean {
  if (step.fault) return false;
  switch (step.kind) {
    case 'extract':
      return step.estimate?.mode === 'incremental' || step.estimate?.isRoutine === true;
    case 'materialize':
    case 'history':
      return step.decision.action !== 'run';
    case 'check':
      return true;
    case 'sync':
      return step.preview?.hasWork === false;
  }
}

/** True where running the plan would change nothing unless a CRM has news. */
export function isNothingToDo(plan: Plan): boolean {
  return plan.faults.length === 0 && plan.steps.every(isDone);
}

const pad = (texts: readonly string[]): number => Math.max(0, ...texts.map(({ length }) => length));

function faultLines(step: Step): string[] {
  if (!step.fault) return [];
  const hint = step.fault.hint ? [`      ${step.fault.hint}`] : [];
  const message = step.fault.message.replaceAll('\n', '\n      ');
  return [`      cannot run: ${message}`, ...hint];
}

const streamOf = (step: ExtractStep): string => `${step.connection}.${step.stream}`;

/** Streams that cannot be read, once per reason: a refused sign-in concerns all of a connection. */
function explainBroken(steps: readonly ExtractStep[]): string[] {
  const byReason = new Map<string, ExtractStep[]>();
  for (const step of steps) {
    const reason = faultLines(step).join('\n');
    byReason.set(reason, [...(byReason.get(reason) ?? []), step]);
  }
  return [...byReason].flatMap(([reason, broken]) => [
    `  ${broken.map(streamOf).join(', ')}`,
    reason,
  ]);
}

function explainExtracts(steps: readonly ExtractStep[]): string[] {
  if (steps.length === 0) return [];
  const readable = steps.filter(({ fault }) => !fault);
  const calls = readable.reduce((sum, { estimate }) => sum + (estimate?.calls ?? 0), 0);
  const width = pad(readable.map(streamOf));
  const about = readable.some(({ estimate }) => estimate?.isLeast) ? 'at least' : 'about';
  return [
    `extract: ${plural(readable.length, 'stream')}, ${about} ${plural(calls, 'call')}`,
    ...readable.flatMap((step) => {
      const { estimate } = step;
      if (!estimate) return [];
      const since = estimate.since ? ` since ${estimate.since}` : '';
      const how = estimate.mode === 'incremental' ? `changes${since}` : estimate.reason;
      const cost = `${estimate.isLeast ? 'at least ' : ''}${plural(estimate.calls, 'call')}`;
      return [`  ${streamOf(step).padEnd(width)}  ${cost}, ${how}`];
    }),
    ...explainBroken(steps.filter(({ fault }) => fault)),
    '',
  ];
}

function explainBuilds(steps: readonly BuildStep[]): string[] {
  if (steps.length === 0) return [];
  const by = (action: string) =>
    steps.filter((step) => step.decision.action === action && !step.fault);
  const [run, follow, reuse] = [by('run'), by('follow'), by('reuse')];
  const broken = steps.filter(({ fault }) => fault);
  const shown = [...run, ...broken];
  const nameOf = ({ relation, name }: BuildStep) => (relation ? formatRelation(relation) : name);
  const width = pad(shown.map(nameOf));
  const rest = [
    ...(follow.length > 0 ? [`${follow.length} reused unless a stream brings something new`] : []),
    ...(reuse.length > 0 ? [`${reuse.length} reused`] : []),
  ];
  return [
    `models: ${run.length} to build${rest.length > 0 ? `, ${rest.join(', ')}` : ''}`,
    ...shown.flatMap((step) => [
      `  ${nameOf(step).padEnd(width)}  ${step.fault ? '' : `${step.materialization}: ${step.decision.reasons.join('; ')}`}`.trimEnd(),
      ...faultLines(step),
    ]),
    '',
  ];
}

function explainChecks(steps: readonly CheckStep[]): string[] {
  const broken = steps.filter(({ fault }) => fault);
  if (steps.length === 0) return [];
  return [
    `tests besides those of what is built: ${steps.length}`,
    ...broken.flatMap((step) => [`  ${step.name}`, ...faultLines(step)]),
    '',
  ];
}

function explainSyncs(steps: readonly SyncStep[]): string[] {
  if (steps.length === 0) return [];
  const width = pad(steps.map(({ sync }) => sync));
  return [
    `syncs: ${steps.length}`,
    ...steps.flatMap((step) => {
      const name = `  ${step.sync.padEnd(width)}  → ${step.target}`;
      const sent = labelLines(step);
      if (step.fault) return [name, ...faultLines(step)];
      if (!step.preview) {
        return [`${name}  known once its model is built and its stream extracted`, ...sent];
      }
      const { counts, calls, stop } = step.preview;
      const parts = Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([kind, count]) => `${count.toLocaleString('en-US')} ${kind.replaceAll('_', ' ')}`);
      const line = `${name}  ${parts.join(', ') || 'no rows'}; ${plural(calls, 'call')}`;
      return [
        line,
        ...(stop ? [`      would stop: ${stop}`] : []),
        ...sent,
        ...explainRows(step.preview.rows ?? []),
      ];
    }),
    '',
  ];
}

/** What a sync sends that people have labelled, most often because of whom it is about. */
function labelLines({ labelled = [] }: SyncStep): string[] {
  const byLabels = Map.groupBy(labelled, ({ labels }) => labels.join(', '));
  return [...byLabels].map(
    ([labels, fields]) => `      sends ${labels}: ${fields.map(({ field }) => field).join(', ')}`,
  );
}

/** Names on one line; the JSON has all of them. */
const namesMax = 12;

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, namesMax).join(', ');
  return names.length > namesMax ? `${shown} and ${names.length - namesMax} more` : shown;
}

function explainImpacts(impacts: readonly Impact[]): string[] {
  if (impacts.length === 0) return [];
  return [
    'changes upstream',
    ...impacts.flatMap(({ field, message, columns, fields, rows, decided = [], unbuilt = [] }) => [
      `  ${field} ${message}`,
      ...(columns.length > 0 ? [`      columns: ${listNames(columns)}`] : []),
      ...(rows.length > 0 ? [`      rows of: ${listNames(rows)}`] : []),
      ...(fields.length > 0
        ? [
            `      fields: ${listNames(fields.map((one) => `${one.target}.${one.field} (${one.sync})`))}`,
          ]
        : []),
      ...(decided.length > 0 ? [`      decides values of: ${listNames(decided)}`] : []),
      ...(unbuilt.length > 0 ? [`      cannot be built: ${listNames(unbuilt)}`] : []),
    ]),
    '',
  ];
}

/** The plan as people read it. */
export function explainPlan(plan: Plan): string {
  const lines = [
    `plan for ${plan.project} as of ${plan.boundary}`,
    '',
    ...explainExtracts(
      stepsOf(plan, 'extract').toSorted((left, right) =>
        left.connection.localeCompare(right.connection),
      ),
    ),
    ...explainImpacts(plan.impacts ?? []),
    ...explainBuilds(stepsOf(plan, 'materialize', 'history')),
    ...explainChecks(stepsOf(plan, 'check')),
    ...explainSyncs(stepsOf(plan, 'sync')),
    ...plan.faults.flatMap((fault) => [`fault: ${fault.message}`]),
    ...plan.warnings.map((warning) => `warning: ${warning}`),
  ];
  if (isNothingToDo(plan)) {
    const asks = stepsOf(plan, 'extract', 'sync').length > 0;
    lines.push(`nothing left to do${asks ? ', unless a CRM has news' : ''}`);
  }
  return lines.join('\n').trimEnd();
}
