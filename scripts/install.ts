import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundleAll } from './bundle.ts';

const root = dirname(import.meta.dirname);

/** Puts the package into an empty folder as npm would install it; answers the file that is run. */
export async function installPackage(folder: string): Promise<string> {
  const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly files: readonly string[];
  };
  for (const name of ['package.json', ...files.filter((file) => file !== 'dist')]) {
    cpSync(join(root, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await bundleAll(root, join(folder, 'dist'));
  return join(folder, 'dist', 'cli', 'bin.js');
}
