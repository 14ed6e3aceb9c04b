import { type JinjaError, jinjaError } from './jinja-error.ts';
import type { Undefined } from './values.ts';

/** That a value was needed and there is none, with the name that was probably meant. */
export function undefinedError(value: Undefined, otherwise?: string): JinjaError {
  const meant = value.meant();
  const hint = meant === undefined ? otherwise : `did you mean "${meant}"?`;
  return jinjaError('jinja-undefined', value.complaint, hint);
}
