const patternsMax = 200;
const patterns = new Map<string, RegExp>();

/**
 * CONTAINS_TOKEN: the pattern occurs between token borders, whatever its case; `*` stands for any
 * run of characters inside one word.
 */
export function holdsToken(value: string, pattern: string): boolean {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    if (patterns.size >= patternsMax) patterns.clear();
    const body = pattern
      .trim()
      .split(/\*+/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('\\S*');
    expression = new RegExp(`(?<![\\p{L}\\p{N}])${body}(?![\\p{L}\\p{N}])`, 'iu');
    patterns.set(pattern, expression);
  }
  return expression.test(value);
}
