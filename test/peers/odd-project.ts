import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Python } from './python.ts';
import { layTwins, type TwinProject } from './twin-project.ts';

export interface OddProject {
  /** Of the project and of its profile. */
  readonly name: string;
  /** Texts by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A dbt project of a test's own, twice. */
export function layFiles(python: Python, { name, files }: OddProject): TwinProject {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  const project = `name: ${name}\nversion: "1.0"\nconfig-version: 2\nprofile: ${name}\n`;
  try {
    for (const [path, text] of Object.entries({ 'dbt_project.yml': project, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    return layTwins(folder, { python, profile: name });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
