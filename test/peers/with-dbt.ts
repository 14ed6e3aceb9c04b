import { describe, test } from 'vitest';
import { findPython, type Python, whyNoPython } from './python.ts';

/** Declares tests that need dbt; where it is not there, one in their place says why. */
export function describeWithDbt(what: string, declare: (python: Python) => void): void {
  const python = findPython();
  describe(what, () => {
    if (python) declare(python);
    else test.skip(whyNoPython());
  });
}
