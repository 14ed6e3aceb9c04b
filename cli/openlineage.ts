import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Work } from '../engine/plan/work.ts';
import type { OpenLineageReporter } from '../engine/run/openlineage.ts';
import type { RunNotes } from '../engine/run/run-notes.ts';
import type { EventSink } from '../engine/wire/event-sink.ts';
import { messageOf } from '../engine/words/errors.ts';
import type { OpenedProject } from './open-project.ts';
import { packageFile } from './package-root.ts';

/** Where events go: `openlineage` of pipelines.yaml, else what OpenLineage's clients look at. */
interface Settings {
  readonly file?: string;
  readonly url?: string;
  readonly apiKey?: string;
  readonly namespace: string;
  readonly timeoutMs?: number;
}

const endpointDefault = 'api/v1/lineage';

function readSettings({ project, env }: OpenedProject): Settings | undefined {
  const { openlineage: declared } = project;
  if (/^(true|1)$/i.test(env['OPENLINEAGE_DISABLED'] ?? '')) return undefined;
  // Set and empty is how many a scheduler says that a variable is not set.
  const base = declared?.url ?? (env['OPENLINEAGE_URL'] || undefined);
  if (declared?.file === undefined && base === undefined) return undefined;
  const endpoint = declared?.endpoint ?? (env['OPENLINEAGE_ENDPOINT'] || endpointDefault);
  const apiKey = declared?.apiKey ?? (env['OPENLINEAGE_API_KEY'] || undefined);
  const url = base === undefined ? {} : { url: `${base.replace(/\/+$/, '')}/${endpoint}` };
  return {
    ...(declared?.file === undefined ? {} : { file: resolve(project.folder, declared.file) }),
    ...url,
    ...(apiKey === undefined ? {} : { apiKey }),
    namespace: declared?.namespace ?? (env['OPENLINEAGE_NAMESPACE'] || project.name),
    ...(declared?.timeoutMs === undefined ? {} : { timeoutMs: declared.timeoutMs }),
  };
}

/** Disposed when the run is over: what was told by then is sent. */
export type OpenedReporter = OpenLineageReporter & AsyncDisposable;

/**
 * Undefined where nobody asked for events. Whatever goes wrong with them is one warning: no run
 * fails or waits for long because of an event.
 */
export async function openReporter(
  opened: OpenedProject,
  about: {
    readonly work: Work;
    readonly notes: RunNotes;
    readonly pipeline: string | undefined;
    warn(message: string): void;
  },
): Promise<OpenedReporter | undefined> {
  const settings = readSettings(opened);
  if (!settings) return undefined;
  const { createOpenLineageReporter } = await import('../engine/run/openlineage.ts');
  const { traceProject } = await import('../engine/plan/project-lineage.ts');
  const { openLineageCache } = await import('../engine/lineage/lineage-cache.ts');
  const { openEventSink } = await import('../engine/wire/event-sink.ts');
  const { work, notes } = about;
  const lost = (reason: string): void =>
    about.warn(`lineage events are lost: ${reason}; the run goes on without them`);
  try {
    const cache = openLineageCache(join(opened.stateFolder, 'lineage.json'));
    const graph = await traceProject(work, cache);
    const { apiKey } = settings;
    const secrets = [...opened.project.secrets, ...(apiKey === undefined ? [] : [apiKey])];
    const sink = openEventSink({ ...settings, secrets, onLost: lost });
    const reporter = createOpenLineageReporter({
      work,
      graph,
      sink,
      notes,
      clock: opened.clock,
      namespace: settings.namespace,
      jobName: about.pipeline ?? 'run',
      version: readVersion(),
    });
    return guard(reporter, sink, lost);
  } catch (error) {
    lost(messageOf(error));
    return undefined;
  }
}

/** A fault in telling an event ends the telling, not the run. */
function guard(
  reporter: OpenLineageReporter,
  sink: EventSink,
  lost: (reason: string) => void,
): OpenedReporter {
  let isBroken = false;
  const attempt = (tell: () => void): void => {
    if (isBroken) return;
    try {
      tell();
    } catch (error) {
      isBroken = true;
      lost(messageOf(error));
    }
  };
  return {
    startRun: (runId) => attempt(() => reporter.startRun(runId)),
    startStep: (step) => attempt(() => reporter.startStep(step)),
    endStep: (step, result) => attempt(() => reporter.endStep(step, result)),
    endRun: (result) => attempt(() => reporter.endRun(result)),
    [Symbol.asyncDispose]: sink.close,
  };
}

function readVersion(): string {
  const text = readFileSync(packageFile('package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
