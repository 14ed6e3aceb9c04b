/** How tests follow their nodes into a selection, in dbt's words. */
export const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const;
export type IndirectSelection = (typeof indirectSelections)[number];

/** One `2+method:value+1` with its parts. */
export interface Criterion {
  readonly text: string;
  readonly childrensParents: boolean;
  /** Generations above and below to take along; 0 takes none. */
  readonly above: number;
  readonly below: number;
  readonly method: string;
  readonly value: string;
  /** Absent: what the whole selection says. */
  readonly indirect?: IndirectSelection;
}

/** What is chosen: criteria, and sets made of sets. */
export type SelectionSpec =
  | { readonly kind: 'criterion'; readonly criterion: Criterion }
  | { readonly kind: 'unreadable'; readonly text: string }
  | { readonly kind: 'union' | 'intersection'; readonly parts: readonly SelectionSpec[] }
  | {
      readonly kind: 'difference';
      readonly base: SelectionSpec;
      readonly excluded: SelectionSpec;
    };

const criterionPattern = /^(@)?(?:(\d*)\+)?(?:([\w.]+):)?(.*?)(?:\+(\d*))?$/s;

/** What `--select` is given: spaces unite, commas intersect. Undefined: nothing was asked for. */
export function parseSelection(
  text: string | readonly string[] | undefined,
): SelectionSpec | undefined {
  if (text === undefined) return undefined;
  const words = [text].flat().flatMap((part) => part.split(/\s+/).filter((word) => word !== ''));
  if (words.length === 0) return undefined;
  return {
    kind: 'union',
    parts: words.map((word) => ({
      kind: 'intersection',
      parts: word.split(',').map(toSpec),
    })),
  };
}

export function toSpec(text: string): SelectionSpec {
  const criterion = parseCriterion(text);
  return criterion ? { kind: 'criterion', criterion } : { kind: 'unreadable', text };
}

/** What is written of a criterion, under the names that `selectors.yml` has for it. */
export interface CriterionParts {
  readonly childrens_parents?: true;
  readonly parents?: true;
  readonly parents_depth?: string;
  readonly method?: string;
  readonly value: string;
  readonly children?: true;
  readonly children_depth?: string;
}

export function criterionParts(text: string): CriterionParts | undefined {
  const match = criterionPattern.exec(text);
  if (!match) return undefined;
  const [, at, above, method, value = '', below] = match;
  return {
    ...(at === undefined ? {} : { childrens_parents: true }),
    ...(above === undefined ? {} : { parents: true, parents_depth: above }),
    ...(method === undefined ? {} : { method }),
    value,
    ...(below === undefined ? {} : { children: true, children_depth: below }),
  };
}

function parseCriterion(text: string): Criterion | undefined {
  const parts = criterionParts(text);
  if (parts === undefined || parts.value === '') return undefined;
  const { childrens_parents: at, parents_depth: above, children_depth: below, value } = parts;
  // `@x+` contradicts itself: @ already takes every child.
  if (at && (above !== undefined || below !== undefined)) return undefined;
  return {
    text,
    childrensParents: at ?? false,
    above: generations(above),
    below: generations(below),
    method: parts.method ?? defaultMethod(value),
    value,
  };
}

function generations(text: string | undefined): number {
  if (text === undefined) return 0;
  return text === '' ? Infinity : Number(text);
}

export function defaultMethod(value: string): string {
  if (value.includes('/')) return 'path';
  return /\.(sql|csv|ts|ya?ml)$/.test(value) ? 'file' : 'fqn';
}
