import type { Document } from 'yaml';
import { messageOf } from '../../words/errors.ts';

/** Aliases that a document's value may hold when all are written out: far beyond any file's use. */
const aliasesMax = 1_000;

export interface YamlFlaw {
  readonly offset: number;
  readonly message: string;
}

/** A document as a plain value; a flaw where it has none, which its text alone does not show. */
export function readYamlValue(
  yaml: typeof import('yaml'),
  document: Document.Parsed,
): { readonly value: unknown } | { readonly flaw: YamlFlaw } {
  const flaw = findAliasFlaw(yaml, document);
  if (flaw) return { flaw };
  try {
    return { value: document.toJS({ maxAliasCount: aliasesMax }) };
  } catch (error) {
    const isBomb = /alias count/.test(messageOf(error));
    const isDeep = error instanceof RangeError;
    const message = isBomb
      ? `its aliases stand for more than ${aliasesMax} values`
      : isDeep
        ? 'it is nested deeper than anybody reads'
        : messageOf(error);
    return { flaw: { offset: 0, message } };
  }
}

/**
 * Of a text without a line break at its end: a block of text that it ends with has none either, as
 * Python's reader has it.
 */
export function cutLastBreak(
  yaml: typeof import('yaml'),
  { contents }: Document.Parsed,
  end: number,
): void {
  let last: unknown = contents;
  while (yaml.isCollection(last)) {
    const item: unknown = last.items.at(-1);
    last = yaml.isPair(item) ? item.value : item;
  }
  if (!yaml.isScalar(last) || typeof last.value !== 'string') return;
  // A comment may follow.
  const isLast = last.range?.[1] === end && /^BLOCK_/.test(last.type ?? '');
  if (isLast) last.value = last.value.replace(/\n+$/, '');
}

/** An alias of nothing, or of what it stands in. */
function findAliasFlaw(
  { visit }: typeof import('yaml'),
  document: Document.Parsed,
): YamlFlaw | undefined {
  let flaw: YamlFlaw | undefined;
  visit(document, {
    Alias: (_, alias, path) => {
      const meant = alias.resolve(document);
      const message =
        meant === undefined
          ? `the alias "*${alias.source}" stands for nothing`
          : path.includes(meant)
            ? `the alias "*${alias.source}" stands in what it stands for`
            : undefined;
      if (message === undefined) return undefined;
      flaw = { offset: alias.range?.[0] ?? 0, message };
      return visit.BREAK;
    },
  });
  return flaw;
}

export const tooDeep = 'it is nested deeper than anybody reads';

/** What the library makes of a text; undefined where that is nested deeper than its stack goes. */
export function parseWithin<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
