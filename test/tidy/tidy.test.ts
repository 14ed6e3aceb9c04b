import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { loadCommands } from '../../cli/commands/index.ts';
import { libraries } from '../../scripts/bundle.ts';
import { findCircle, listImports, listPackages, readSources } from './source-files.ts';

/** What a machine can check of how the project is written; Biome and oxlint check the rest. */
const files = readSources();
const sources = files.filter(({ path }) => path.endsWith('.ts'));
const imports = listImports(sources);
const read = (path: string): string => files.find((file) => file.path === path)?.text ?? '';
const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');
const floorOf = (path: string): string => path.split('/')[0] ?? '';

/** `path:line text` of each line that is as described. */
function findLines(
  among: readonly { path: string; text: string }[],
  isFound: (line: string) => boolean,
): string[] {
  return among.flatMap(({ path, text }) =>
    linesOf(text).flatMap((line, index) =>
      isFound(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 80)}`] : [],
    ),
  );
}

const product = [
  'cli',
  'engine',
  'apis',
  'extractors',
  'loaders',
  'reverse-etl',
  'sandbox',
] as const;

describe('files', () => {
  test('are read in one go: none has more than 400 lines', () => {
    const long = sources.filter(({ text }) => linesOf(text).length > 400);
    expect(long.map(({ path, text }) => `${path} ${linesOf(text).length}`)).toEqual([]);
  });

  test('of the product are short: the median is at most 150 lines', () => {
    const counts = sources
      .filter(({ path }) => product.some((floor) => floor === floorOf(path)))
      .map(({ text }) => linesOf(text).length)
      .toSorted((left, right) => left - right);
    expect(counts[Math.floor(counts.length / 2)]).toBeLessThanOrEqual(150);
  });

  test('are named after what is in them, in kebab-case', () => {
    const drawers = /(^|\/)(utils?|helpers?|common|types|misc|shared)(\.ts$|\/)/;
    expect(sources.filter(({ path }) => drawers.test(path)).map(({ path }) => path)).toEqual([]);
    const odd = sources.filter(({ path }) => !/^([a-z0-9.-]+\/)*[a-z0-9.-]+\.ts$/.test(path));
    expect(odd.map(({ path }) => path)).toEqual([]);
  });

  test('name no machine: no path of one, no registry', () => {
    const mine = files.filter(({ path }) => path !== 'test/tidy/tidy.test.ts');
    const machine = /(^|[\s"'`=(:])\/(work|root|home|tmp|Users)\/[\w.-]/;
    expect(findLines(mine, (line) => machine.test(line))).toEqual([]);
    // The lock names what packages hold, not the place they came from: see .npmrc.
    expect(read('package-lock.json')).not.toContain('"resolved": "http');
  });
});

describe('lines', () => {
  test('of comments end by column 100; the formatter sees to the others', () => {
    const isLong = (line: string): boolean =>
      /^\s*(\/\/|\/?\*)/.test(line) && [...line].length > 100;
    expect(findLines(sources, isLong)).toEqual([]);
  });

  test('leave nothing for later, and no test runs alone', () => {
    const mine = sources.filter(({ path }) => path !== 'test/tidy/tidy.test.ts');
    const later = /(\/\/|\*).*\b(TODO|FIXME|XXX|HACK)\b/;
    expect(findLines(mine, (line) => later.test(line))).toEqual([]);
    const alone = /\b(test|it|describe)(\.\w+)*\.only\b/;
    expect(findLines(mine, (line) => alone.test(line))).toEqual([]);
  });

  test('switch off no rule about types and promises', () => {
    const mine = sources.filter(({ path }) => path !== 'test/tidy/tidy.test.ts');
    const off = /@ts-(ignore|nocheck|expect-error)|oxlint-disable|eslint-disable/;
    const some = /biome-ignore\S* .*(noExplicitAny|noNonNullAssertion|noImportCycles|noRestricted)/;
    expect(findLines(mine, (line) => off.test(line) || some.test(line))).toEqual([]);
    const rules = read('biome.json');
    for (const rule of ['noExplicitAny', 'noNonNullAssertion', 'noDefaultExport']) {
      expect(rules).toContain(`"${rule}": "error"`);
    }
  });
});

describe('imports', () => {
  /** Who may be imported, besides one's own folder. */
  const allowed: Readonly<Record<string, readonly string[]>> = {
    cli: ['engine', 'apis', 'extractors', 'loaders', 'reverse-etl', 'sandbox'],
    extractors: ['apis', 'engine'],
    loaders: ['engine'],
    'reverse-etl': ['apis', 'engine'],
    apis: ['engine'],
    engine: [],
    sandbox: [],
  };

  test('go from cli to the connectors, to apis, to the engine; the sandbox stands alone', () => {
    const wrong = imports.filter(({ from, to }) => {
      const may = allowed[floorOf(from)];
      return may && floorOf(from) !== floorOf(to) && !may.includes(floorOf(to));
    });
    expect(wrong).toEqual([]);
  });

  test('go down only inside the engine', () => {
    const floors = [
      'artifacts',
      'run',
      'plan',
      'lineage',
      'steps',
      'declare',
      'state',
      'wire',
      'words',
    ];
    const floorInside = (path: string): number => floors.indexOf(path.split('/')[1] ?? '');
    const inside = imports.filter(
      ({ from, to }) => floorOf(from) === 'engine' && floorOf(to) === 'engine',
    );
    expect(inside.filter(({ from }) => floorInside(from) === -1)).toEqual([]);
    expect(inside.filter(({ from, to }) => floorInside(from) > floorInside(to))).toEqual([]);
  });

  test('keep one CRM from another: connectors meet only in their index', () => {
    const ownerOf = (path: string): string | undefined =>
      /^(?:apis|extractors|loaders|reverse-etl|sandbox)\/([a-z0-9-]+?)(?:\.ts|\/)/.exec(path)?.[1];
    const owners = sources.flatMap(({ path }) => {
      const isConnector = /^(extractors|loaders|reverse-etl)\//.test(path);
      return isConnector && !path.endsWith('/index.ts') ? (ownerOf(path) ?? []) : [];
    });
    expect(owners).toContain('salesforce');
    const crossing = imports.filter(({ from, to }) => {
      const [one, other] = [ownerOf(from), ownerOf(to)];
      return one !== other && owners.includes(one ?? '') && owners.includes(other ?? '');
    });
    expect(crossing).toEqual([]);
  });

  test('make no circle, those of types included', () => {
    expect(findCircle(imports)).toBeUndefined();
    expect(
      findCircle([
        { from: 'a', to: 'b' },
        { from: 'b', to: 'a' },
      ]),
    ).toBe('a → b → a');
  });

  test('of the product name dependencies only, and each dependency says why it is there', () => {
    const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
    const dependencies = Object.keys(manifest['dependencies'] ?? {});
    // What a bundled file imports is inside it.
    const isBundled = (path: string): boolean => libraries.includes(path.replace(/\.ts$/, ''));
    const shipped = sources.filter(
      ({ path }) =>
        (product.some((floor) => floor === floorOf(path)) || path === 'index.ts') &&
        !isBundled(path),
    );
    const strangers = [...listPackages(shipped)].filter((name) => !dependencies.includes(name));
    expect(strangers).toEqual([]);
    const reasons = read('docs/dependencies.md');
    const all = [...dependencies, ...Object.keys(manifest['devDependencies'] ?? {})];
    expect(all.filter((name) => !reasons.includes(`| \`${name}\` |`))).toEqual([]);
  });
});

describe('exports', () => {
  const words = sources.map(({ path, text }) => [path, new Set(text.match(/\w+/g))] as const);
  const shipped = sources.filter(({ path }) => product.some((floor) => floor === floorOf(path)));

  test('of values have a user elsewhere, and files have one that is no test', () => {
    const pattern = /^export (?:async )?(?:const|function\*?|class|let) (\w+)/gm;
    const unused = shipped.flatMap(({ path, text }) =>
      [...text.matchAll(pattern)].flatMap(([, name = '']) => {
        const isUsed = words.some(([other, found]) => other !== path && found.has(name));
        return isUsed ? [] : [`${path} ${name}`];
      }),
    );
    expect(unused).toEqual([]);
    const users = imports.filter(({ from }) => !from.startsWith('test/'));
    const used = new Set(users.map(({ to }) => to));
    const idle = shipped.filter(({ path }) => !used.has(path));
    // The command itself, and what a worker is started with.
    expect(idle.map(({ path }) => path)).toEqual([
      'cli/bin.ts',
      'engine/artifacts/writing-worker.ts',
      'engine/steps/typescript/running-worker.ts',
    ]);
  });
});

describe('the command line', () => {
  test('shows an example with the help of every command', async () => {
    const program = new Command('tidemill');
    for (const register of await loadCommands())
      register(program, { action: () => async () => {} });
    expect(program.commands.length).toBeGreaterThanOrEqual(10);
    for (const command of program.commands) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) });
      command.outputHelp();
      expect(help, command.name()).toMatch(/\nExample:\n {2}.*tidemill/);
      expect(command.description(), command.name()).not.toBe('');
    }
  });

  test('loads what is asked for: one command for its help, none for the version', async () => {
    const count = async (...words: string[]) => (await loadCommands(words)).length;
    const all = await count();
    expect(await count('--version')).toBe(0);
    expect(await count('ls', '--help')).toBe(1);
    expect(await count('help', 'ls')).toBe(1);
    for (const words of [['--help'], ['help'], ['rnu'], ['--project-dir', 'run', '--help']]) {
      expect(await count(...words), words.join(' ')).toBe(all);
    }
  });

  test('refuses the Nodes that the package says it does not run on', () => {
    const wanted = /"node": ">=(\d+)\.(\d+)"/.exec(read('package.json'));
    expect(read('cli/bin.ts')).toContain(`major: ${wanted?.[1]}, minor: ${wanted?.[2]}`);
  });
});
