import { hash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folders whose code decides what is read out of a project's files, and what is made of it. */
const folders = (
  import.meta.url.endsWith('.ts')
    ? ['../', '../../words/', '../../plan/', '../../artifacts/']
    : ['../macros/', '../../parts/']
).map((folder) => fileURLToPath(new URL(folder, import.meta.url)));

let known: string | undefined;

/**
 * Which program this is: another release, and what an edit made of this one, must not believe what
 * the one before remembered. Made of names, sizes and times: the files themselves are not read.
 */
export function programIdentity(): string {
  if (known !== undefined) return known;
  const lines: string[] = [process.version];
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      else {
        const { size, mtimeMs } = statSync(path);
        lines.push(`${path} ${size} ${mtimeMs}`);
      }
    }
  }
  known = hash('sha1', lines.sort().join('\n'));
  return known;
}
