/** A docs block of a Markdown file. */
export interface DocsBlock {
  readonly name: string;
  /** What stands between the tags: a template of its own. */
  readonly contents: string;
  /** Of the opening tag, from 1. */
  readonly line: number;
}

const docsTag =
  /\{#[\s\S]*?#\}|\{%[-+]?\s*docs\s+(\w+)\s*[-+]?%\}([\s\S]*?)\{%[-+]?\s*enddocs\s*[-+]?%\}/g;

/**
 * The docs blocks of a Markdown file. Text around them is left unparsed, since a README may hold
 * braces that are no template; blocks inside template comments do not count.
 */
export function findDocs(source: string): DocsBlock[] {
  const blocks: DocsBlock[] = [];
  for (const match of source.matchAll(docsTag)) {
    const [, name, contents = ''] = match;
    if (name === undefined) continue;
    const line = source.slice(0, match.index).split(/\r\n?|\n/).length;
    blocks.push({ name, contents, line });
  }
  return blocks;
}
