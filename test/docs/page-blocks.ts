import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export interface Page {
  /** From the project's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** An example on a page: fenced, or indented by four spaces below an empty line. */
export interface Block {
  readonly page: string;
  readonly line: number;
  /** What stands after the fence, `indented`, or nothing. */
  readonly language: string;
  readonly text: string;
}

/** README, CONTRIBUTING and all of docs/. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
  const paths = ['README.md', 'CONTRIBUTING.md', ...docs.map((name) => `docs/${name}`)];
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

const fence = /^```(\w*)\n([\s\S]*?)^```$/gm;
const indented = /(?<=^\n)(?:^ {4}.*\n(?:\n(?= {4}))?)+/gm;

export function listBlocks({ path, text }: Page): Block[] {
  const at = (index: number): number => text.slice(0, index).split('\n').length;
  const fenced = [...text.matchAll(fence)].map((found) => ({
    page: path,
    line: at(found.index),
    language: found[1] ?? '',
    text: found[2] ?? '',
  }));
  // Line numbers stay: what is fenced becomes as many empty lines.
  const rest = text.replace(fence, (whole) => `.${'\n'.repeat(whole.split('\n').length - 1)}.`);
  const lineOf = (index: number): number => rest.slice(0, index).split('\n').length;
  const others = [...rest.matchAll(indented)].map((found) => ({
    page: path,
    line: lineOf(found.index),
    language: 'indented',
    text: (found[0] ?? '').replace(/^ {4}/gm, ''),
  }));
  return [...fenced, ...others].toSorted((left, right) => left.line - right.line);
}

/** The only block of a page in a language that has the words in it. */
export function blockOf(path: string, words: string): Block {
  const found = listBlocks(readPage(path)).filter(({ text }) => text.includes(words));
  const [block] = found;
  if (!block || found.length > 1) {
    throw new Error(`${path} has ${found.length} blocks with ${JSON.stringify(words)}`);
  }
  return block;
}

/** A page without its examples and what stands between backticks. */
export function proseOf({ text }: Page): string {
  return text
    .replace(fence, '')
    .replace(indented, '')
    .replace(/`[^`]*`/g, '');
}

/** What stands between single backticks in a page's prose. */
export function listCode({ text }: Page): string[] {
  return [...text.replace(fence, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replace(/\s+/g, ' '),
  );
}
