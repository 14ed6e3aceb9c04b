import type { Kwargs } from './bind-arguments.ts';
import type { CallSite, JinjaValue } from './values.ts';

/** What a filter or test may ask of the rendering it runs in. */
export interface FilterContext extends CallSite {
  findFilter(name: string): Filter;
  findTest(name: string): Filter;
}

/** A filter, or a test (whose answer counts as true or false). Must not wait. */
export type Filter = (
  value: JinjaValue,
  args: readonly JinjaValue[],
  kwargs: Kwargs,
  context: FilterContext,
) => JinjaValue;
