import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleAll } from './bundle.ts';

/** Compiles what is published into `dist/`; what npm adds to it is `files` in package.json. */
const root = dirname(import.meta.dirname);
const dist = join(root, 'dist');

/** Read at run time from beside the source that reads them. */
const assets = ['{cli,engine,apis,extractors,loaders,reverse-etl,sandbox}/**/*.{sql,json}'];

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
for (const file of globSync(assets, { cwd: root })) {
  mkdirSync(dirname(join(dist, file)), { recursive: true });
  cpSync(join(root, file), join(dist, file));
}
await bundleAll(dist);
// npm makes it executable when it installs; a link to this folder does not.
chmodSync(join(dist, 'cli', 'bin.js'), 0o755);
