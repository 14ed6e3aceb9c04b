import { randomUUID } from 'node:crypto';
import { type ArtifactMoment, envOfArtifacts } from '../../engine/artifacts/metadata.ts';
import type { OpenedProject } from '../assemble-project.ts';

/** A call of the program, from its start to when its artifacts are written. */
export function startMoment({
  clock,
  env,
}: Pick<OpenedProject, 'clock' | 'env'>): () => ArtifactMoment {
  const invocationId = randomUUID();
  const startedAtMs = clock.now();
  const said = envOfArtifacts(env);
  return () => ({ invocationId, startedAtMs, generatedAtMs: clock.now(), env: said });
}
