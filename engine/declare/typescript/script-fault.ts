import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../model-fault.ts';
import { isOwn } from './model-hooks.ts';

/** What was thrown while a file was imported, as a thread tells it. */
export interface ThrownReport {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly importing?: { readonly parent: string; readonly specifier: string } | undefined;
}

/** What went wrong, and where in the project's own files. */
export interface ScriptFault {
  readonly place: Place;
  readonly message: string;
  readonly hint?: string;
}

/** Lines a syntax error quotes above its caret. */
const quotedLinesMax = 6;

/** The fault of a file that could not be imported; `file` stands where no place can be told. */
export function describeThrown(root: string, file: string, thrown: ThrownReport): ScriptFault {
  const { name, message, stack, importing } = thrown;
  const start = { file, line: 1, column: 1 };
  const failed = /^Cannot find (module|package) '([^']+)'/.exec(message);
  if ((failed || name === 'RefusedImport') && importing) {
    const place = placeOfText(root, importing.parent, `'${importing.specifier}'`) ?? start;
    if (!failed) return { place, message };
    const what = failed[1] === 'package' ? 'is not installed' : 'does not exist';
    return { place, message: `"${importing.specifier}" ${what}` };
  }
  const place =
    placeOfSyntax(root, stack) ??
    placeOfTwin(root, file, message) ??
    placeOfFrame(root, stack) ??
    start;
  const isSyntax = name === 'SyntaxError';
  const kind = isSyntax ? 'cannot be read as TypeScript' : `threw ${name} while it was read`;
  const hint = /strip-only mode/.test(message)
    ? { hint: 'only types that can be left out may be used: no enum, namespace, decorator' }
    : {};
  return { place, message: `${kind}: ${message.split('\n')[0] ?? ''}`, ...hint };
}

/** A syntax error quotes the line between its place and a caret. */
function placeOfSyntax(root: string, stack: string): Place | undefined {
  const [head = '', ...rest] = stack.split('\n');
  const match = /^(.+):(\d+)$/.exec(head);
  if (match === null) return undefined;
  const file = relativePath(root, match[1] ?? '');
  const caret = rest.slice(0, quotedLinesMax).find((line) => /^\s*\^+\s*$/.test(line));
  return { file, line: Number(match[2]), column: (caret ?? '^').indexOf('^') + 1 };
}

/** Told of a whole module without a place: the second declaration of the name is meant. */
function placeOfTwin(root: string, file: string, message: string): Place | undefined {
  const name = /^Identifier '([\w$]+)' has already been declared/.exec(message)?.[1];
  if (name === undefined) return undefined;
  const text = readFileSync(join(root, file), 'utf8');
  const word = name.replaceAll('$', '\\$');
  const declared = new RegExp(`\\b(?:const|let|var|class|function\\*?)\\s+(${word})\\b`, 'gd');
  const second = [...text.matchAll(declared)][1]?.indices?.[1];
  return second && { file, ...lineAndColumn(text, second[0]) };
}

/** The innermost frame that is in a file of the project's own. */
export function placeOfFrame(root: string, stack: string): Place | undefined {
  for (const match of stack.matchAll(/(file:\/\/[^\s()]+):(\d+):(\d+)/g)) {
    const [, url = '', line, column] = match;
    if (!isOwn(url)) continue;
    return { file: relativePath(root, url), line: Number(line), column: Number(column) };
  }
  return undefined;
}

function placeOfText(root: string, url: string, text: string): Place | undefined {
  if (!url.startsWith('file:')) return undefined;
  const whole = readFileSync(fileURLToPath(url), 'utf8').replaceAll('"', "'");
  const at = whole.indexOf(text);
  if (at === -1) return undefined;
  return { file: relativePath(root, url), ...lineAndColumn(whole, at) };
}

/** Both count from 1. */
export function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

export function relativePath(root: string, pathOrUrl: string): string {
  const path = pathOrUrl.startsWith('file:') ? fileURLToPath(pathOrUrl) : pathOrUrl;
  return relative(root, path).split(sep).join('/');
}
