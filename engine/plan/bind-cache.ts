import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Column } from '../words/table.ts';
import type { BindCache } from './bind.ts';

/** Columns of models by fingerprint, kept between processes. Losing the file costs time only. */
export interface BindCacheFile extends BindCache {
  /** Keeps what this process asked for: models that are gone fall out. */
  save(): void;
}

/** Raise it when binding answers something else for the same text. */
const cacheVersion = 2;

interface Content {
  readonly version: number;
  readonly columns: Readonly<Record<string, readonly Column[]>>;
}

function readContent(path: string): Content['columns'] {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Content;
    return content.version === cacheVersion ? content.columns : {};
  } catch {
    return {};
  }
}

export function openBindCache(path: string): BindCacheFile {
  const known = new Map(Object.entries(readContent(path)));
  const used = new Map<string, readonly Column[]>();
  let isChanged = false;
  return {
    get: (fingerprint) => {
      const columns = known.get(fingerprint);
      if (columns) used.set(fingerprint, columns);
      return columns;
    },
    set: (fingerprint, columns) => {
      used.set(fingerprint, columns);
      isChanged = true;
    },
    save: () => {
      if (!isChanged) return;
      mkdirSync(dirname(path), { recursive: true });
      const content: Content = { version: cacheVersion, columns: Object.fromEntries(used) };
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, JSON.stringify(content));
      renameSync(draft, path);
    },
  };
}
