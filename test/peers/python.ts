import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A Python of this suite's own with dbt in it, in a folder that git ignores. `set-up.ts` makes it;
 * the tests find it, or the reason why it is not there.
 */
const folder = fileURLToPath(new URL('../../.peers', import.meta.url));
const home = existsSync(folder) ? realpathSync(folder) : folder;
const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const installed = join(home, 'installed.txt');
const missing = join(home, 'missing.txt');
const installMaxMs = 600_000;

/** Tried in this order; dbt-duckdb 1.10 runs on Python 3.10 to 3.13. PEERS_PYTHON wins. */
const pythons = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];

const binary = (name: string): string =>
  process.platform === 'win32'
    ? join(home, 'venv', 'Scripts', `${name}.exe`)
    : join(home, 'venv', 'bin', name);

const readIfThere = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** The scripts of a venv name its folder: one that was moved is made anew. */
const wanted = (): string => `${home}\n${readFileSync(requirements, 'utf8')}`;

export interface Python {
  /** The interpreter: `import dbt`, `jinja2`, `duckdb` and `jsonschema` work in it. */
  readonly python: string;
  readonly dbt: string;
}

/** Where it is installed; undefined where it is not, and then `whyNoPython` says why. */
export function findPython(): Python | undefined {
  const isCurrent = readIfThere(installed) === wanted();
  return isCurrent ? { python: binary('python'), dbt: binary('dbt') } : undefined;
}

export function whyNoPython(): string {
  return readIfThere(missing).trim() || 'dbt is not installed: run `npm run test:peers`';
}

/** Installs what requirements.txt says where it is not there yet. Does not throw. */
export function installPython(): void {
  if (findPython()) return;
  mkdirSync(home, { recursive: true });
  rmSync(installed, { force: true });
  rmSync(missing, { force: true });
  try {
    const python = findInterpreter();
    run(python, ['-m', 'venv', '--clear', join(home, 'venv')]);
    run(binary('python'), ['-m', 'pip', 'install', '--quiet', '-r', requirements]);
    writeFileSync(installed, wanted());
  } catch (error) {
    writeFileSync(missing, `dbt could not be installed: ${reasonOf(error)}\n`);
  }
}

function findInterpreter(): string {
  const chosen = process.env['PEERS_PYTHON'];
  for (const python of chosen ? [chosen] : pythons) {
    try {
      const version = run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
      if (/^3\.1[0-3]$/.test(version.trim())) return python;
    } catch {
      // Not there: the next one may be.
    }
  }
  throw new Error(`no Python 3.10 to 3.13 found (${chosen ?? pythons.join(', ')})`);
}

function run(file: string, args: readonly string[]): string {
  return execFileSync(file, args, { encoding: 'utf8', timeout: installMaxMs, stdio: 'pipe' });
}

/** The last lines of what was printed: pip says there what it did not find. */
function reasonOf(error: unknown): string {
  const printed =
    typeof error === 'object' && error !== null && 'stderr' in error ? String(error.stderr) : '';
  const lines = printed.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-2).join(' ') || (error instanceof Error ? error.message : String(error));
}
