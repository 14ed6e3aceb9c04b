import { loadLibrary } from '../../words/load-library.ts';
import type { ConfigIssue, Position } from './project.ts';

export type Path = readonly (string | number)[];

/** A parsed YAML text that knows where each of its values stands. */
export interface YamlSource {
  readonly value: unknown;
  readonly issues: readonly ConfigIssue[];
  /** Where the value at a path starts; for a missing value, its nearest parent. */
  position(path: Path): Position;
  /** Where the key at the end of a path stands. */
  keyPosition(path: Path): Position;
}

export function parseYamlSource(file: string, text: string): YamlSource {
  // Loaded here: a dbt project has no pipelines.yaml.
  const yaml = loadLibrary('yaml') as typeof import('yaml');
  const { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } = yaml;
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const offsetOf = (path: Path): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  };
  return {
    value: document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 }),
    issues: document.errors.map((error) => ({
      ...at(error.pos[0]),
      message: `not valid YAML: ${error.message.split('\n')[0] ?? error.code}`,
    })),
    position: (path) => at(offsetOf(path)),
    keyPosition: (path) => {
      const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
      if (isMap(parent)) {
        const last = String(path.at(-1));
        for (const pair of parent.items) {
          if (isPair(pair) && isScalar(pair.key) && String(pair.key.value) === last) {
            if (pair.key.range) return at(pair.key.range[0]);
          }
        }
      }
      return at(offsetOf(path));
    },
  };
}
