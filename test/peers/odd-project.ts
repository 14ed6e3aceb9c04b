import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface SourceOptions {
  /** Of the project and of its profile. */
  readonly name: string;
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A dbt project of a test's own, in a folder that is gone when it is disposed of. */
export function writeSource({ name, files }: SourceOptions): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const project = `name: ${name}\nversion: "1.0"\nconfig-version: 2\nprofile: ${name}\n`;
  for (const [path, text] of Object.entries({ 'dbt_project.yml': project, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}
