import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { NodeLineage } from './node-lineage.ts';

/** Lineage of models by fingerprint, kept between processes. Losing it costs time only. */
export interface LineageCache {
  get(fingerprint: string): NodeLineage | undefined;
  set(fingerprint: string, lineage: NodeLineage): void;
  /** Keeps what this process asked for: models that are gone fall out. */
  save(): void;
}

/** Raise it when the same text is read otherwise. */
const cacheVersion = 3;

interface Content {
  readonly version: number;
  readonly nodes: Readonly<Record<string, NodeLineage>>;
}

function readContent(path: string): Content['nodes'] {
  try {
    const content = JSON.parse(readFileSync(path, 'utf8')) as Content;
    return content.version === cacheVersion ? content.nodes : {};
  } catch {
    return {};
  }
}

export function openLineageCache(path: string): LineageCache {
  let known: Map<string, NodeLineage> | undefined;
  const used = new Map<string, NodeLineage>();
  let isChanged = false;
  return {
    get: (fingerprint) => {
      known ??= new Map(Object.entries(readContent(path)));
      const lineage = known.get(fingerprint);
      if (lineage) used.set(fingerprint, lineage);
      return lineage;
    },
    set: (fingerprint, lineage) => {
      used.set(fingerprint, lineage);
      isChanged = true;
    },
    save: () => {
      if (!isChanged) return;
      mkdirSync(dirname(path), { recursive: true });
      const content: Content = { version: cacheVersion, nodes: Object.fromEntries(used) };
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, JSON.stringify(content));
      renameSync(draft, path);
      isChanged = false;
    },
  };
}

/** For one process: nothing is kept. */
export function transientLineageCache(): LineageCache {
  return { get: () => undefined, set: () => {}, save: () => {} };
}
