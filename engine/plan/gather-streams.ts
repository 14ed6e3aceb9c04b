import { formatIssue } from '../declare/project/load-project.ts';
import type { Project, StreamDeclaration } from '../declare/project/project.ts';
import { streamIdOf } from '../declare/source-index.ts';
import { messageOf, TerminalError, TransientError } from '../words/errors.ts';
import type { PlanFault } from '../words/step.ts';
import { type ChosenStream, chooseStreams, wantedStreams } from './choose-streams.ts';
import type { Connectors } from './connectors.ts';

/** What a project reads, by step id. A fault concerns its own stream; the others carry on. */
export interface GatheredStreams {
  readonly chosen: ReadonlyMap<string, ChosenStream>;
  readonly faults: ReadonlyMap<string, PlanFault>;
}

/** Asks every connection under `extract` what it has, and chooses from it. */
export async function gatherStreams(
  project: Project,
  connectors: Connectors,
  signal: AbortSignal,
): Promise<GatheredStreams> {
  const parts = await Promise.all(
    [...project.extract].map(([connection, declarations]) =>
      gatherConnection(connection, declarations, connectors, signal),
    ),
  );
  return {
    chosen: new Map(parts.flatMap((part) => [...part.chosen])),
    faults: new Map(parts.flatMap((part) => [...part.faults])),
  };
}

async function gatherConnection(
  connection: string,
  declarations: readonly StreamDeclaration[],
  connectors: Connectors,
  signal: AbortSignal,
): Promise<GatheredStreams> {
  const groups = connectors.streamGroups(connection);
  const faults = new Map<string, PlanFault>();
  try {
    const extractor = connectors.extractor(connection);
    const discovered = await extractor.discover(signal, wantedStreams(declarations, groups));
    const choice = chooseStreams(connection, declarations, discovered, groups);
    for (const [name, issue] of choice.issues) {
      const id = streamIdOf(connection, name);
      faults.set(id, { id, code: 'stream-invalid', message: formatIssue(issue) });
    }
    const chosen = choice.chosen.map(
      (one) => [streamIdOf(connection, one.stream.name), one] as const,
    );
    return { chosen: new Map(chosen), faults };
  } catch (error) {
    if (signal.aborted) throw error;
    // Nothing of this connection can be read: each declared stream says so, other connections go
    // on.
    for (const { pattern } of declarations) {
      const id = streamIdOf(connection, pattern);
      faults.set(id, { id, ...toFault(error) });
    }
    return { chosen: new Map(), faults };
  }
}

/** An error as the fault of a step. A fault of the program itself is thrown on. */
export function toFault(error: unknown): Omit<PlanFault, 'id'> {
  if (!(error instanceof TerminalError || error instanceof TransientError)) throw error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return { code: error.code, message: messageOf(error), ...hint };
}
