import type { Filter } from './filter.ts';
import { listFilters } from './filters-list.ts';
import { selectFilters } from './filters-select.ts';
import { textFilters } from './filters-text.ts';
import { markerFilters, valueFilters } from './filters-value.ts';

/** Every filter of Jinja 2, and dbt's `as_bool`, `as_native`, `as_number`, `as_text`. */
export const filters: ReadonlyMap<string, Filter> = new Map([
  ...textFilters,
  ...listFilters,
  ...selectFilters,
  ...valueFilters,
]);

/** The same, for native rendering. */
export const nativeFilters: ReadonlyMap<string, Filter> = new Map([...filters, ...markerFilters]);
