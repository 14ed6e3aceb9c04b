import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

export const root = dirname(dirname(import.meta.dirname));

/** A file of the project, its path with `/` from the root. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const skipped = new Set([
  'node_modules',
  // What builds and backups leave.
  'target',
  'backups',
  '.peers',
  'dist',
  'coverage',
  '.git',
  '.data',
  '.tidemill',
  '.demo',
]);
const textKinds = /\.(ts|sql|md|json|jsonl|ya?ml|py|csv|sh)$|(^|\/)(run|\.gitignore|LICENSE)$/;

/** Every text file that belongs to the project, in order. */
export function readSources(): SourceFile[] {
  const files: SourceFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (skipped.has(entry.name)) continue;
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else if (textKinds.test(path)) {
        files.push({ path, text: readFileSync(join(root, path), 'utf8') });
      }
    }
  };
  visit('');
  return files.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

export interface ImportEdge {
  readonly from: string;
  readonly to: string;
}

/** As the formatter leaves them: at the start of a line, or a call with a literal. */
const importPattern =
  /^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

function listTargets(text: string): string[] {
  return [...text.matchAll(importPattern)].map(([, named, bare, called]) => {
    return named ?? bare ?? called ?? '';
  });
}

/** Relative imports between files, those of types and those made while running included. */
export function listImports(files: readonly SourceFile[]): ImportEdge[] {
  return files.flatMap(({ path, text }) =>
    listTargets(text)
      .filter((target) => target.startsWith('.'))
      .map((target) => ({ from: path, to: posix.join(posix.dirname(path), target) })),
  );
}

/** Packages that are imported, by name. */
export function listPackages(files: readonly SourceFile[]): Set<string> {
  const targets = files.flatMap(({ text }) => listTargets(text));
  return new Set(
    targets.flatMap((target) => /^(@[^/]+\/[^/]+|[^./@:][^/:]*)(\/|$)/.exec(target)?.[1] ?? []),
  );
}

/** One circle of imports as `a → b → a`, or undefined. */
export function findCircle(edges: readonly ImportEdge[]): string | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const walk = (file: string, trail: readonly string[]): string | undefined => {
    const at = trail.indexOf(file);
    if (at !== -1) return [...trail.slice(at), file].join(' → ');
    if (done.has(file)) return undefined;
    for (const to of next.get(file) ?? []) {
      const circle = walk(to, [...trail, file]);
      if (circle !== undefined) return circle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const circle = walk(file, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
