import { JinjaError } from '../declare/jinja/jinja-error.ts';
import type { ModelFault } from '../declare/model-fault.ts';
import { isModelNode, isSourceNode, isTestNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { SeedFault } from '../declare/seed-columns.ts';
import { messageOf, TerminalError } from '../words/errors.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Column } from '../words/table.ts';
import { ScriptMismatch } from './bind-script.ts';

/** Why a node does not bind, with its place and what was probably meant. */
export function describeFailure(
  error: unknown,
  project: ModelProject,
  node: { readonly id: string; readonly file: string; readonly dependsOn: readonly string[] },
  bound: ReadonlyMap<string, { readonly columns: readonly Column[] }>,
): ModelFault {
  const found = project.nodes.get(node.id);
  const place = isTestNode(found) ? found.place : placeOf(project, node);
  const base = { severity: 'error', nodeId: node.id } as const;
  if (error instanceof ScriptMismatch) {
    const { message, hint } = error;
    return { ...error.place, message, ...base, ...(hint === undefined ? {} : { hint }) };
  }
  if (error instanceof SeedFault) {
    return { file: node.file, line: error.line, column: 1, message: error.message, ...base };
  }
  if (error instanceof JinjaError) {
    const isPlaced = error.file !== undefined && !error.file.startsWith('<');
    const { file = place.file, line = 1, column = 1 } = error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return {
      ...(isPlaced ? { file, line, column } : place),
      message: error.detail,
      ...base,
      ...hint,
    };
  }
  const message = messageOf(error).replace(/^the warehouse refused a statement: /, '');
  const [line = '', ...rest] = message.split('\n');
  const first = line.replace(/^(Binder|Catalog) Error: /, '').replace(/!$/, '');
  const candidates = rest
    .find((one) => /^Candidate|Did you mean/i.test(one.trim()))
    ?.trim()
    .replace(': :', ':');
  const missing =
    /Referenced column "([^"]+)"|column "?([^"\s]+?)"? (?:not found|does not)|name "?([^"\s]+?)"? does not exist/i.exec(
      message,
    );
  const name = missing?.slice(1).find((one) => one !== undefined);
  const inText = isModelNode(found) ? placeIn(found.text, message, name) : {};
  const names = node.dependsOn.flatMap((id) => bound.get(id)?.columns.map((one) => one.name) ?? []);
  const meant = name === undefined || candidates ? '' : didYouMean(name, names);
  const shape = isModelNode(found) ? hintOfShape(found.text, message) : undefined;
  const known = candidates ?? shape;
  const hint = error instanceof TerminalError ? (known ?? error.hint) : known;
  return {
    ...place,
    ...inText,
    message: `does not bind: ${first}${meant}`,
    ...base,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** A source nobody declared stands where it is first read. */
function placeOf(
  project: ModelProject,
  node: { readonly id: string; readonly file: string },
): { file: string; line: number; column: number } {
  const found = project.nodes.get(node.id);
  if (isSourceNode(found) && found.file === '') {
    for (const id of project.graph.childrenOf(node.id)) {
      const reader = project.nodes.get(id);
      const call =
        isModelNode(reader) &&
        reader.sources.find(
          ({ source, table }) => source === found.sourceName && table === found.name,
        );
      if (call) return call.place;
    }
  }
  return { file: node.file, line: 1, column: 1 };
}

/**
 * The driver speaks of the rendered text. What it names, or what it points at in the line that it
 * quotes, is the place where the file holds it exactly once.
 */
function placeIn(text: string, message: string, name: string | undefined) {
  const named = name !== undefined && name.length >= 3 ? findOnce(text, name) : undefined;
  const at = named ?? findPointed(text, message);
  if (at === undefined) return { line: 1, column: 1 };
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function findOnce(text: string, words: string): number | undefined {
  const at = text.indexOf(words);
  return at === -1 || text.includes(words, at + 1) ? undefined : at;
}

/** The driver quotes no more of a line; the longest is compared with the file piece by piece. */
const quotedMax = 200;
const pieceMin = 4;

/** Where the longest piece of the quoted line that holds the mark below it stands in the file. */
function findPointed(text: string, message: string): number | undefined {
  const [, head = '', quoted = '', below = ''] = /(LINE \d+: )(.*)\n( *\^)/.exec(message) ?? [];
  const mark = below.length - 1 - head.length;
  if (mark < 0 || quoted.length > quotedMax) return undefined;
  for (let length = quoted.length; length >= pieceMin; length -= 1) {
    const last = Math.min(mark, quoted.length - length);
    for (let start = Math.max(0, mark - length + 1); start <= last; start += 1) {
      const at = findOnce(text, quoted.slice(start, start + length));
      if (at !== undefined) return at + mark - start;
    }
  }
  return undefined;
}

const answers = /\b(select|from|values|table|pivot|unpivot|describe|show|summarize)\b/i;
const changes = /^\s*(insert|update|delete|create|alter|drop|merge|copy)\b/i;

/** What a statement that cannot be parsed lacks, where it is no select at all. */
function hintOfShape(text: string, message: string): string | undefined {
  if (!message.startsWith('Parser Error')) return undefined;
  const bare = text.replace(/\{#.*?#\}|\/\*.*?\*\/|--[^\n]*|\{\{\s*config\(.*?\)\s*\}\}/gs, '');
  if (changes.test(bare)) return 'A model is a select: what it answers is the table.';
  if (!answers.test(bare) && !bare.includes('{')) return 'The file holds no select.';
  if (/at or near ";"/.test(message)) return 'A model is one select, with no statement after it.';
  return undefined;
}
