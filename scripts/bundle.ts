import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Puts everything that a compiled module imports into it, and the licences of what that is beside
 * it. What a package needs and cannot be bundled would be missing where users install: an error.
 */
async function bundleModule(file: string): Promise<void> {
  const bundle = await rolldown({ input: file, platform: 'node', logLevel: 'silent' });
  const { output } = await bundle.write({
    file,
    format: 'esm',
    minify: true,
    codeSplitting: false,
  });
  await bundle.close();
  const [chunk] = output;
  const missing = [...chunk.imports, ...chunk.dynamicImports].filter((name) => !isBuiltin(name));
  if (missing.length > 0) throw new Error(`${file} still imports ${missing.join(', ')}`);
  const roots = new Set(chunk.moduleIds.flatMap((id) => findPackage(id) ?? []));
  writeFileSync(
    file.replace(/\.js$/, '.licenses.txt'),
    [...roots].toSorted().map(formatLicense).join('\n\n'),
  );
}

/** The folder of the package that a module belongs to; undefined for our own. */
function findPackage(id: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
}

const licenseNames = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license', 'License'];

function formatLicense(folder: string): string {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Record<string, string>;
  const path = licenseNames.map((one) => join(folder, one)).find(existsSync);
  const words = path === undefined ? '' : `\n\n${readFileSync(path, 'utf8').trim()}`;
  return `${name} ${version} (${license})${words}\n${'-'.repeat(80)}`;
}

/** Modules that are published with all they import. */
export const bundled: readonly string[] = ['apis/salesforce/jsforce.js'];

/** Bundles below the folder of what was compiled. */
export async function bundleAll(dist: string): Promise<void> {
  for (const file of bundled) await bundleModule(join(dist, file));
}
