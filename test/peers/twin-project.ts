import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Python } from './python.ts';

/** What became of a node, in the words both have for it. */
export type Outcome = 'ok' | 'warn' | 'fail' | 'skip';

export interface NodeOutcome {
  readonly outcome: Outcome;
  /** Rows that a test found wrong; undefined for what is not a test. */
  readonly failures: number | undefined;
  readonly message: string;
}

export interface PeerRun {
  /** By dbt's unique id, e.g. `model.shop.orders`. */
  readonly nodes: ReadonlyMap<string, NodeOutcome>;
  readonly wallMs: number;
  readonly exitCode: number | null;
  /** All that was printed, for when something is to be looked into. */
  readonly printed: string;
}

/** One copy of a project, with a warehouse and profiles of its own. */
export interface Peer {
  readonly project: string;
  readonly warehouse: string;
  run(command: string, args?: readonly string[]): PeerRun;
}

/** The same project twice: dbt builds one, Tidemill the other. */
export interface TwinProject extends Disposable {
  readonly dbt: Peer;
  readonly tidemill: Peer;
  /** Does the same to both copies. */
  edit(change: (project: string) => void): void;
}

export interface TwinOptions {
  readonly python: Python;
  /** The profile's name in dbt_project.yml. */
  readonly profile: string;
  readonly schema?: string;
  /** Where the project is in the folder that is copied; default: it is the folder. */
  readonly folder?: string;
  /** Folders of packages, copied to dbt_packages under the name given. */
  readonly packages?: Readonly<Record<string, string>>;
  /** Packages that are linked to dbt_packages, as `dbt deps` does: paths from the project. */
  readonly links?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const cli = fileURLToPath(new URL('../../cli/bin.ts', import.meta.url));
const runMaxMs = 1_800_000;
const printedMaxBytes = 256 * 1024 * 1024;
const leftovers = /(^|[\\/])(target|logs|\.tidemill|\.git|[^\\/]*\.duckdb[^\\/]*)$/;

export function layTwins(source: string, options: TwinOptions): TwinProject {
  const root = mkdtempSync(join(tmpdir(), `peers-${basename(source)}-`));
  const lay = (name: string): { home: string; project: string; warehouse: string } => {
    const home = join(root, name);
    const project = join(home, 'project', options.folder ?? '.');
    const packages = join(project, 'dbt_packages');
    mkdirSync(home);
    copyFolder(source, join(home, 'project'));
    for (const [as, folder] of Object.entries(options.packages ?? {})) {
      copyFolder(folder, join(packages, as));
    }
    for (const [as, path] of Object.entries(options.links ?? {})) {
      mkdirSync(packages, { recursive: true });
      symlinkSync(join('..', path), join(packages, as), 'dir');
    }
    const warehouse = join(home, 'peers.duckdb');
    writeFileSync(join(home, 'profiles.yml'), profileOf(options, warehouse));
    return { home, project, warehouse };
  };
  const [ours, theirs] = [lay('tidemill'), lay('dbt')];
  return {
    dbt: { ...theirs, run: (command, args = []) => runDbt(theirs, options, command, args) },
    tidemill: { ...ours, run: (command, args = []) => runTidemill(ours, options, command, args) },
    edit: (change) => {
      for (const { project } of [ours, theirs]) change(project);
    },
    [Symbol.dispose]: () => {
      if (!process.env['PEERS_KEEP']) rmSync(root, { recursive: true, force: true });
      else process.stdout.write(`peers: kept ${root}\n`);
    },
  };
}

function copyFolder(from: string, to: string): void {
  const real = realpathSync(from);
  const filter = (path: string): boolean => path === real || !leftovers.test(path);
  cpSync(real, to, { recursive: true, filter });
}

function profileOf(options: TwinOptions, path: string): string {
  const output = { type: 'duckdb', path, schema: options.schema ?? 'main', threads: 4 };
  return JSON.stringify({ [options.profile]: { target: 'dev', outputs: { dev: output } } });
}

interface Place {
  readonly home: string;
  readonly project: string;
}

function spawnTimed(file: string, args: readonly string[], place: Place, options: TwinOptions) {
  const started = performance.now();
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: place.project,
    encoding: 'utf8',
    timeout: runMaxMs,
    maxBuffer: printedMaxBytes,
    env: { ...process.env, DBT_PROFILES_DIR: place.home, NO_COLOR: '1', ...options.env },
  });
  if (error) throw error;
  const wallMs = performance.now() - started;
  return { exitCode: status, printed: `${stdout}${stderr}`, wallMs };
}

const outcomes: Readonly<Record<string, Outcome>> = {
  success: 'ok',
  reused: 'ok',
  'no-op': 'ok',
  pass: 'ok',
  warn: 'warn',
  fail: 'fail',
  error: 'fail',
  'runtime error': 'fail',
  'partial success': 'fail',
  skipped: 'skip',
};

interface ArtifactResult {
  readonly unique_id: string;
  readonly status: string;
  readonly failures: number | null;
  readonly message: string | null;
}

function runDbt(place: Place, options: TwinOptions, command: string, args: readonly string[]) {
  const flags = ['--no-use-colors', '--no-version-check', '--no-send-anonymous-usage-stats'];
  return readRun(place, options, options.python.dbt, [...flags, ...command.split(' '), ...args]);
}

function runTidemill(place: Place, options: TwinOptions, command: string, args: readonly string[]) {
  const words = [cli, '--project-dir', place.project, ...command.split(' '), ...args];
  return readRun(place, options, process.execPath, words);
}

/** Both leave dbt's `run_results.json`. */
function readRun(place: Place, options: TwinOptions, file: string, args: readonly string[]) {
  const results = join(place.project, 'target', 'run_results.json');
  rmSync(results, { force: true });
  const ran = spawnTimed(file, args, place, options);
  const nodes = new Map<string, NodeOutcome>();
  if (existsSync(results)) {
    const read = JSON.parse(readFileSync(results, 'utf8')) as { results: ArtifactResult[] };
    for (const { unique_id: id, status, failures, message } of read.results) {
      nodes.set(id, {
        outcome: outcomes[status] ?? 'fail',
        failures: id.startsWith('test.') ? (failures ?? 0) : undefined,
        message: message ?? '',
      });
    }
  }
  return { ...ran, nodes };
}
