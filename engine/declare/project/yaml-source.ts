import { loadLibrary } from '../../words/load-library.ts';
import { parseWithin, readYamlValue, tooDeep } from '../yaml/yaml-value.ts';
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

/** The others are most often about the same mistake. */
const errorsToldMax = 3;

export function parseYamlSource(file: string, text: string): YamlSource {
  // Loaded here: a dbt project has no pipelines.yaml.
  const yaml = loadLibrary('yaml') as typeof import('yaml');
  const { isMap, isNode, isPair, isScalar, LineCounter, parseDocument } = yaml;
  const lines = new LineCounter();
  const document = parseWithin(() =>
    parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' }),
  );
  if (!document) {
    const issue = { file, line: 1, column: 1, message: `not valid YAML: ${tooDeep}` };
    return { ...parseYamlSource(file, ''), issues: [issue] };
  }
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
  const read = document.errors.length > 0 ? undefined : readYamlValue(yaml, document);
  const flaws = read && 'flaw' in read ? [read.flaw] : [];
  const errors = document.errors.slice(0, errorsToldMax).map(({ pos, message, code }) => ({
    offset: pos[0],
    message: message.split('\n')[0] ?? code,
  }));
  return {
    value: read && 'value' in read ? read.value : undefined,
    issues: [...errors, ...flaws].map(({ offset, message }) => ({
      ...at(offset),
      message: `not valid YAML: ${message}`,
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
