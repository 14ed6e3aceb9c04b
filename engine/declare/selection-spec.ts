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

function parseCriterion(text: string): Criterion | undefined {
  const match = criterionPattern.exec(text);
  const value = match?.[4] ?? '';
  if (!match || value === '') return undefined;
  const above = match[2];
  const below = match[5];
  // `@x+` contradicts itself: @ already takes every child.
  if (match[1] !== undefined && (above !== undefined || below !== undefined)) return undefined;
  return {
    text,
    childrensParents: match[1] !== undefined,
    above: generations(above),
    below: generations(below),
    method: match[3] ?? defaultMethod(value),
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
