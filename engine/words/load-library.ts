import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Loads a library where it is first used, not where the program starts: a command pays only for
 * what it needs. For functions that cannot wait; others use `await import(…)`.
 */
export function loadLibrary(name: string): unknown {
  return require(name) as unknown;
}
