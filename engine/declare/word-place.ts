import type { Place } from './model-fault.ts';

/**
 * Where in a text stands what a complaint is about: the words it quotes, looked for as texts or as
 * named arguments of the template. `the rule "x"` narrows the search to what follows that rule's
 * name. Undefined where nothing is found, or a word alone is there more than once.
 */
export function placeOfWords(file: string, text: string, complaint: string): Place | undefined {
  const rule = /the rule "(\w+)"/.exec(complaint)?.[1];
  const from = rule === undefined ? -1 : text.search(ruleNamed(rule));
  const words = [...complaint.replace(/; did you mean ".*$/, '').matchAll(/"([^"]+)"/g)]
    .map(([, word = '']) => word)
    .filter((word) => word !== rule)
    .toReversed();
  for (const word of words) {
    const [first, second] = findQuoted(text, word).filter((at) => at >= from);
    if (first !== undefined && (from >= 0 || second === undefined)) {
      return placeAt(file, text, first);
    }
  }
  return from < 0 ? undefined : placeAt(file, text, from);
}

function ruleNamed(rule: string): RegExp {
  return new RegExp(`(?<=name['"]?\\s*[:=]\\s*)['"]${rule}['"]`);
}

function findQuoted(text: string, word: string): number[] {
  const found: number[] = [];
  for (const quote of ["'", '"']) {
    const quoted = `${quote}${word}${quote}`;
    for (let at = text.indexOf(quoted); at !== -1; at = text.indexOf(quoted, at + 1))
      found.push(at);
  }
  if (found.length === 0) {
    const named = new RegExp(`\\b${word.replace(/\W/g, '.')}(?=\\s*=[^=])`, 'g');
    for (const { index } of text.matchAll(named)) found.push(index);
  }
  return found.toSorted((left, right) => left - right);
}

/** A place in a file, lines and columns from 1. */
export function placeAt(file: string, text: string, at: number): Place {
  const before = text.slice(0, at).split('\n');
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
