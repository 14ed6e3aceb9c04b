import type { SelectorMethods } from '../declare/select.ts';
import type { Relation } from '../words/table.ts';

/** The project beside what an earlier run, or another environment, says of it. */
export interface StateComparison {
  /** `state:`, `result:` and `source_status:`. */
  readonly methods: SelectorMethods;
  /** What was met on the way: contracts that are broken. Grows as `methods` are asked. */
  readonly warnings: readonly string[];
  /** Where a node stands in the other environment; undefined where it does not. */
  relationOf(id: string): (Relation & { readonly database?: string }) | undefined;
}
