import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { gauges, readHarbour } from '../../examples/own-connector.ts';
import { openProject } from '../../index.ts';

test('the documented example reads a source of one’s own, and nothing twice', async () => {
  const asked: (string | null)[] = [];
  const server = createServer((request, response) => {
    const since = new URL(request.url ?? '/', 'http://localhost').searchParams.get('since');
    asked.push(since);
    const levels = since ? [412, 413] : [410, 412];
    const lines = levels.map((level) =>
      JSON.stringify({ id: `g${level}`, level_cm: level, taken_at: '2026-01-02T03:04:05Z' }),
    );
    response.end(lines.map((line) => `${line}\n`).join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-library-'));
    const { port } = server.address() as AddressInfo;
    mkdirSync(join(folder, 'models'));
    writeFileSync(
      join(folder, 'pipelines.yaml'),
      `project: harbour
warehouse: { type: duckdb, path: warehouse.duckdb }
connections: { harbour: { type: gauges, url: "http://127.0.0.1:${port}" } }
extract: { harbour: [readings] }
models: { path: models }
`,
    );
    writeFileSync(
      join(folder, 'models', 'highest.sql'),
      "select max(level_cm) as level_cm from {{ source('harbour', 'readings') }}",
    );
    expect(await readHarbour(folder)).toBe('succeeded');
    expect(await readHarbour(folder)).toBe('succeeded');
    using project = openProject({ folder, extractors: { gauges } });
    await using warehouse = await project.openWarehouse({ readOnly: true });
    expect(await warehouse.query(sql`select level_cm from main.highest`)).toEqual([
      { level_cm: 413 },
    ]);
    expect(await warehouse.query(sql`select id from raw_harbour.readings order by id`)).toEqual([
      { id: 'g410' },
      { id: 'g412' },
      { id: 'g413' },
    ]);
    expect(asked[0]).toBe('');
    expect(asked[1]).toMatch(/^20/);
  } finally {
    server.close();
  }
});
