import { randomUUID } from 'node:crypto';
import type { ArtifactMoment } from '../../engine/artifacts/metadata.ts';
import type { Clock } from '../../engine/words/clock.ts';

/** A call of the program, from its start to when its artifacts are written. */
export function startMoment(clock: Clock): () => ArtifactMoment {
  const invocationId = randomUUID();
  const startedAtMs = clock.now();
  return () => ({ invocationId, startedAtMs, generatedAtMs: clock.now() });
}
