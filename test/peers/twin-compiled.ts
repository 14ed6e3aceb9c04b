import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer, TwinProject } from './twin-project.ts';

export interface CompiledComparison {
  /** Nodes whose SQL both wrote. */
  readonly compared: number;
  readonly differences: readonly { readonly id: string; readonly at: string }[];
}

interface CompiledNode {
  readonly compiled_code?: string | null;
  readonly test_metadata?: { readonly name: string; readonly namespace: string | null };
}

/** Their SQL is ours: the rows are what is compared. */
const ownTests = new Set(['unique', 'not_null', 'accepted_values', 'relationships']);

/**
 * The SQL that either made of every node in its last command, letter for letter with its white
 * space, but for what docs/dbt.md names: relations without their database, the run's boundary for
 * `now()`, `try_cast`, a bare text in `dateadd`.
 */
export function compareCompiled({ dbt, tidemill }: TwinProject): CompiledComparison {
  const [theirs, ours] = [readCompiled(dbt), readCompiled(tidemill)];
  const both = [...theirs].filter(([id]) => ours.has(id));
  const differences = both.flatMap(([id, text]) => {
    const want = inDbtsWords(withoutDatabase(text));
    const had = inDbtsWords(ours.get(id) ?? '');
    return want === had ? [] : [{ id, at: showDifference(want, had) }];
  });
  return { compared: both.length, differences };
}

function readCompiled({ project }: Peer): Map<string, string> {
  const { nodes } = JSON.parse(readFileSync(join(project, 'target/manifest.json'), 'utf8')) as {
    nodes: Record<string, CompiledNode>;
  };
  return new Map(
    Object.entries(nodes).flatMap(([id, { compiled_code: text, test_metadata: test }]) => {
      const isOurs = test?.namespace === null && ownTests.has(test.name);
      return typeof text === 'string' && !isOurs ? [[id, text] as const] : [];
    }),
  );
}

/** The twins' database is called `peers`. */
function withoutDatabase(text: string): string {
  return text.replaceAll('"peers".', '').replace(/\bpeers\.(\w+)\.(\w+)/g, '"$1"."$2"');
}

function inDbtsWords(text: string): string {
  return text
    .replaceAll('current_timestamp::timestamp', 'now()')
    .replace(/timestamp '20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}'/g, 'now()')
    .replace(/\(\s*timestamp ('[^']*') \+ /g, '($1 + ')
    .replaceAll('try_cast(', 'cast(');
}

const shownMax = 120;

/** Where they part, and how either goes on. */
function showDifference(want: string, had: string): string {
  let at = 0;
  while (want[at] === had[at]) at += 1;
  const [left, right] = [want, had].map((text) => JSON.stringify(text.slice(at, at + shownMax)));
  return `at ${at} dbt has ${left}, Tidemill ${right}`;
}
