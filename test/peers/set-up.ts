import { findPython, installPython, whyNoPython } from './python.ts';

/** Runs once before the suite. Where dbt cannot be had the tests skip, and this says why. */
export function setup(): void {
  installPython();
  const found = findPython();
  process.stdout.write(
    found ? `peers: dbt is ${found.dbt}\n` : `peers: everything is skipped. ${whyNoPython()}\n`,
  );
}
