import type { RegisterCommand } from '../host.ts';

/** Every command, in the order in which help lists them; each is loaded when it is meant. */
const loaders: Readonly<Record<string, () => Promise<RegisterCommand>>> = {
  init: async () => (await import('./init.ts')).registerInit,
  demo: async () => (await import('./demo.ts')).registerDemo,
  check: async () => (await import('./check.ts')).registerCheck,
  plan: async () => (await import('./plan.ts')).registerPlan,
  run: async () => (await import('./run.ts')).registerRun,
  extract: async () => (await import('./run.ts')).registerExtract,
  build: async () => (await import('./run.ts')).registerBuild,
  test: async () => (await import('./run.ts')).registerTest,
  sync: async () => (await import('./run.ts')).registerSync,
  retry: async () => (await import('./retry.ts')).registerRetry,
  backup: async () => (await import('./backup.ts')).registerBackup,
  recover: async () => (await import('./recover.ts')).registerRecover,
  undo: async () => (await import('./undo.ts')).registerUndo,
  serve: async () => (await import('./serve.ts')).registerServe,
  ls: async () => (await import('./ls.ts')).registerLs,
  parse: async () => (await import('./parse.ts')).registerParse,
  lineage: async () => (await import('./lineage.ts')).registerLineage,
  compile: async () => (await import('./compile.ts')).registerCompile,
  show: async () => (await import('./show.ts')).registerShow,
  identity: async () => (await import('./identity.ts')).registerIdentity,
  source: async () => (await import('./source.ts')).registerSource,
  docs: async () => (await import('./docs.ts')).registerDocs,
  query: async () => (await import('./query.ts')).registerQuery,
  status: async () => (await import('./status.ts')).registerStatus,
  runs: async () => (await import('./runs.ts')).registerRuns,
  sandbox: async () => (await import('./sandbox.ts')).registerSandbox,
  clean: async () => (await import('./clean.ts')).registerClean,
  seed: async () => (await import('./run.ts')).registerSeed,
  snapshot: async () => (await import('./run.ts')).registerSnapshot,
  'run-operation': async () => (await import('./operation.ts')).registerOperation,
  clone: async () => (await import('./clone.ts')).registerClone,
  debug: async () => (await import('./absent.ts')).registerDebug,
  deps: async () => (await import('./absent.ts')).registerDeps,
};

const otherNames: ReadonlyMap<string, string> = new Map([['list', 'ls']]);
const helpWords: ReadonlySet<string> = new Set(['help', '--help', '-h']);
const versionWords: ReadonlySet<string> = new Set(['--version', '-V']);

/**
 * The commands that words of a command line may mean, or all of them where a list is wanted or no
 * word is a command's name: loading what nobody asked for is most of the time that `ls` takes.
 */
export async function loadCommands(line: readonly string[] = []): Promise<RegisterCommand[]> {
  if (versionWords.has(line[0] ?? '')) return [];
  const words = line.map((word) => otherNames.get(word) ?? word);
  const meant = words.filter((word) => Object.hasOwn(loaders, word));
  // `ls --help` and `help ls` ask about one command; elsewhere a name may be an option's value.
  const [first] = words.filter((word) => word !== 'help');
  const isOne = Object.hasOwn(loaders, first ?? '');
  const needsAll = meant.length === 0 || (!isOne && words.some((word) => helpWords.has(word)));
  const names = needsAll ? Object.keys(loaders) : [...new Set(meant)];
  return await Promise.all(names.flatMap((name) => loaders[name]?.() ?? []));
}
