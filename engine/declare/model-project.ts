import { withoutMemory } from './memory/project-memory.ts';
import { watchEnv } from './memory/watched-env.ts';
import { readChange } from './project-change.ts';
import { recallStored, sayAgain } from './project-outline.ts';
import type { ModelProject, ModelProjectOptions } from './project-shape.ts';
import { recallAll, restoreProject, storeProject } from './project-snapshot.ts';
import { listen } from './recall-render.ts';
import type { Spoken } from './spoken.ts';
import { logOfReading, logOfRendering } from './template-warnings.ts';
import { toldFaults } from './told-faults.ts';

export type { ModelProject, ModelProjectOptions } from './project-shape.ts';

/**
 * Reads a folder of models, ours or dbt's. Touches no warehouse. Never throws for what is wrong in
 * a file: that is a fault, and everything else is read all the same.
 */
export async function readModelProject(options: ModelProjectOptions): Promise<ModelProject> {
  const { memory } = options;
  const [heard, log] = [logOfReading(options), logOfRendering(options)];
  const stored = memory && recallStored(options, memory);
  const kept = memory && stored && recallAll(memory, stored);
  const restored = kept && restoreProject(options, memory, kept);
  if (restored) {
    sayAgain(stored.spoken, heard);
    const faults = toldFaults(restored.faults, options, stored.spoken);
    return Object.assign(restored, { log, faults });
  }
  const changed = memory && (await readChange(options, memory));
  if (changed) return Object.assign(changed, { log, faults: toldFaults(changed.faults, options) });
  const own = memory ?? withoutMemory(options.root);
  const watched = watchEnv(options.env);
  const spoken: Spoken[] = [];
  const listened = { ...options, env: watched.env, log: listen(heard, spoken) };
  // Loaded here: where little has changed, most of it is not needed.
  const { readProject } = await import('./read-project.ts');
  const read = await readProject(listened, own);
  const project = { ...read, env: options.env, log, memory: memory?.rendered };
  memory?.offer(() => {
    const env = watched.traces();
    const textOf = (file: string) => memory.disk.textRead(file);
    return env && storeProject({ options, project, env, spoken, textOf });
  });
  return { ...project, faults: toldFaults(project.faults, options, spoken) };
}
