import type { MacroEntry, MacroLibrary } from './macro-library.ts';

const tags = /\{#[\s\S]*?#\}|\{[{%]([\s\S]*?)[%}]\}/g;

/** What of a text is the template's own: the insides of its tags, without comments and SQL. */
export function tagTexts(text: string): string[] {
  return [...text.matchAll(tags)].flatMap(([, inside]) => inside ?? []);
}

const calls =
  /(?<![\w.'"])(?:([A-Za-z_]\w*)\s*\.\s*)?([A-Za-z_]\w*)\s*\(\s*(?:['"](\w+)['"])?(?:\s*,\s*['"](\w+)['"])?/g;

/** `context['name'](…)` and `context['package']['name'](…)`. */
const callsOfContext =
  /(?<![\w.'"])context(?:\s*\[\s*['"](\w+)['"]\s*\])?\s*\[\s*['"](\w+)['"]\s*\]\s*\(/g;

/**
 * Ids of the macros that a template names in a call, in the order of their names. Read off the
 * text, branches that are not taken included, as dbt's own reading does.
 */
export function findMacroCalls(
  library: MacroLibrary,
  packageName: string,
  text: string,
  self?: MacroEntry,
): string[] {
  const found = new Set<string>();
  for (const inside of tagTexts(text)) {
    const written = [...inside.matchAll(calls)];
    if (inside.includes('context')) written.push(...inside.matchAll(callsOfContext));
    for (const [, owner, name = '', first, second] of written) {
      const entry = findEntry(library, packageName, { owner, name, first, second });
      if (entry && entry !== self) found.add(entry.id);
    }
  }
  return [...found];
}

interface WrittenCall {
  readonly owner: string | undefined;
  readonly name: string;
  readonly first: string | undefined;
  readonly second: string | undefined;
}

function findEntry(
  library: MacroLibrary,
  packageName: string,
  { owner, name, first, second }: WrittenCall,
): MacroEntry | undefined {
  if (owner === undefined) return library.find(name, packageName);
  if (owner === 'adapter' && name === 'dispatch' && first !== undefined) {
    const entry = library.dispatch(first, second, packageName);
    return 'searched' in entry ? undefined : entry;
  }
  return library.isPackage(owner) ? library.findIn(name, owner) : undefined;
}

/** From the opening tag to the end of the closing one. */
export function macroText({ template, node }: MacroEntry): string {
  const { text } = template;
  const start = text.lastIndexOf('{%', node.at);
  const end = text.indexOf('%}', node.bodyEnd);
  return text.slice(Math.max(start, 0), end < 0 ? undefined : end + 2);
}
