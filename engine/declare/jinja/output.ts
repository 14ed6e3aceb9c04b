import { printValue } from './print.ts';
import type { JinjaValue } from './values.ts';

/** Where statements print to: one growing text, or for native rendering the values themselves. */
export class Output {
  text = '';
  readonly values: JinjaValue[] | undefined;

  constructor(isNative = false) {
    this.values = isNative ? [] : undefined;
  }
  write(value: JinjaValue): void {
    if (this.values === undefined) this.text += printValue(value);
    else this.values.push(value);
  }
}

/** How a body ended early: `break` or `continue` of the loop around it. */
export type Jump = 'break' | 'continue' | undefined;
