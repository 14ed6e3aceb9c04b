import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

test('a reader that leaves early does not end the work', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemill-pipe-'));
  mkdirSync(join(folder, 'models'));
  const yaml = `project: pipe
warehouse: { type: duckdb, path: warehouse.duckdb }
connections: { hubspot: { type: hubspot, token: "\${env:TOKEN}" } }
models: { path: models }
`;
  writeFileSync(join(folder, 'pipelines.yaml'), yaml);
  for (let index = 0; index < 12; index += 1) {
    writeFileSync(join(folder, 'models', `m${index}.sql`), `select ${index} as n`);
  }
  const child = spawn(process.execPath, [main, '--project-dir', folder, 'build'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Gone before the first line: every write of the run meets a closed pipe.
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (part: Buffer) => {
    errors += part.toString('utf8');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
});
