import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { loadCommands } from '../../cli/commands/index.ts';
import { addDbtFlags } from '../../cli/dbt-flags.ts';
import { addProjectFlags } from '../../cli/project-flags.ts';
import { listBlocks, listCode, readPages, root } from './page-blocks.ts';

const pages = readPages();

async function createProgram(): Promise<Command> {
  const program = addProjectFlags(new Command('tidemill')).version('0');
  addDbtFlags(program, () => {});
  for (const register of await loadCommands()) register(program, { action: () => async () => {} });
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    command.commands.forEach(silence);
  };
  silence(program);
  return program;
}

/** Words as a shell reads them, up to a comment, a pipe, a redirection or the next command. */
function splitWords(line: string): string[] {
  const pattern = /\s*(?:((?:[^\s"'#|>&;]|(?<=\S)#|"(?:[^"\\]|\\.)*"|'[^']*')+)|([#|>&;]))/gy;
  const words: string[] = [];
  for (const [, word, end] of line.matchAll(pattern)) {
    if (end !== undefined) break;
    words.push((word ?? '').replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
}

const start =
  /(?:^|&&\s*|\$ )(?:npx )?(?:npm run -s tidemill --|npm run (?=demo)|tidemill)\s+(\S.*)$/;

/** What is given to `tidemill` in a line of a page; undefined where the line does not call it. */
function readTidemill(line: string): string[] | undefined {
  const [, rest] = start.exec(line) ?? [];
  if (rest === undefined) return undefined;
  // Of a synopsis, `NODE[.COLUMN] [--upstream | --downstream]`, the first of each choice.
  const plain = rest.replace(/\[\.?[A-Z]+\]/g, '').replace(/\[(-[^|\]]*)[^\]]*\]/g, '$1');
  return splitWords(plain.replace(/^demo -- /, 'demo ').replace(/<(\w+)>/g, '$1'));
}

/** Command lines in examples and in prose: page, line. */
const commandLines = pages.flatMap((page) => [
  ...listBlocks(page)
    .filter(({ language }) => ['sh', 'indented', ''].includes(language))
    .flatMap(({ line, text }) =>
      text.split('\n').map((one, index) => ({ at: `${page.path}:${line + index}`, line: one })),
    ),
  ...listCode(page)
    .filter((code) => /^(npx )?tidemill [a-z]/.test(code))
    .map((code) => ({ at: page.path, line: code })),
]);

test('every command line on a page is one that its command takes', async () => {
  let count = 0;
  const wrong: string[] = [];
  for (const { at, line } of commandLines) {
    const words = readTidemill(line);
    if (words === undefined || words[0] === 'demo.') continue;
    count += 1;
    const program = await createProgram();
    try {
      await program.parseAsync(words, { from: 'user' });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // In prose a command may be named without what it needs.
      const isNamed = !at.includes(':') && /missing required argument/.test(message);
      if (!isNamed && !/\(outputHelp/.test(message)) wrong.push(`${at}: ${line}: ${message}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(60);
});

test('every script, bench and test folder that a page runs is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const lines = [...commandLines.map(({ line }) => line), ...pages.flatMap(listCode)];
  const named = lines.flatMap((line) => [...line.matchAll(/npm run (?:-s )?([\w:]+)/g)]);
  expect(named.length).toBeGreaterThan(10);
  expect(named.flatMap(([, name = '']) => (scripts[name] ? [] : [name]))).toEqual([]);
  const folders = /\b(?:test|examples|sandbox|engine|apis|extractors|reverse-etl)\/[\w./-]+/g;
  const paths = lines.flatMap((line) => line.match(folders) ?? []);
  expect(paths.length).toBeGreaterThan(30);
  const isMissing = (path: string): boolean =>
    !/NAME|\/x\.ts$/.test(path) && !existsSync(join(root, path));
  expect([...new Set(paths)].filter(isMissing)).toEqual([]);
});

/** A command and those below it, with the words that lead there. */
function walk(command: Command, words: readonly string[] = []): [string, Command][] {
  const below = command.commands.flatMap((one) => walk(one, [...words, one.name()]));
  return [[words.join(' '), command], ...below];
}

const allText = pages.map(({ text }) => text).join('\n');

test('every command and every flag is named on a page', async () => {
  const commands = walk(await createProgram()).slice(1);
  const unnamed = commands.filter(([words, command]) => {
    const isHidden = Reflect.get(command, '_hidden') === true;
    // What only holds others (`docs`, `source`) is named with them.
    const isNamed = new RegExp(`(tidemill |npm run |\`)${words}\\b`).test(allText);
    return !isHidden && command.commands.length === 0 && !isNamed;
  });
  expect(unnamed.map(([words]) => words)).toEqual([]);
  const flags = commands.flatMap(([words, command]) =>
    command.options
      .filter(({ hidden, long }) => !hidden && !new RegExp(`${long}(?![\\w-])`).test(allText))
      .map(({ long }) => `${words} ${long}`),
  );
  expect(flags).toEqual([]);
});

test('every flag that prose names exists', async () => {
  const program = await createProgram();
  const known = new Set(
    walk(program).flatMap(([, command]) =>
      command.options.flatMap(({ long, short }) => [long, short]),
    ),
  );
  const foreign = new Set(['--type-aware', '--help', '-wal']);
  const named = pages.flatMap((page) =>
    listCode(page)
      .filter((code) => !/^(npm|HISTORY|CHAOS|FUZZ|PEERS)/.test(code))
      .flatMap((code) =>
        [...code.matchAll(/(?<![\w-])--?[a-z][\w-]*/g)].map(([flag]) => `${page.path} ${flag}`),
      ),
  );
  expect(named.length).toBeGreaterThan(100);
  const strange = named.filter((entry) => {
    const flag = entry.split(' ')[1] ?? '';
    return !known.has(flag) && !foreign.has(flag);
  });
  expect([...new Set(strange)]).toEqual([]);
});
