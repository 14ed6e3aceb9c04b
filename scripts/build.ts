import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleAll } from './bundle.ts';

/**
 * Puts what is published into `dist/`: the program, and the types of the library; what npm adds to
 * it is `files` in package.json.
 */
const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

rmSync(dist, { recursive: true, force: true });
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
const { status, error } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (error) throw error;
if (status !== 0) {
  rmSync(dist, { recursive: true, force: true });
  console.error('not built: correct the faults above');
  process.exit(1);
}
await bundleAll(root, dist);
// npm makes it executable when it installs; a link to this folder does not.
chmodSync(join(dist, 'cli', 'bin.js'), 0o755);
