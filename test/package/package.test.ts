import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPackage } from '../../scripts/install.ts';
import { bin, runNode, tidemill } from '../artifacts/command-line.ts';
import { writeFolder } from '../models/project-folder.ts';

/** The package as it is installed: one program out of few files. */
let installed = '';
let program = '';

beforeAll(async () => {
  installed = mkdtempSync(join(tmpdir(), 'tidemill-package-'));
  program = await installPackage(installed);
});
afterAll(() => rmSync(installed, { recursive: true, force: true }));

const run = (args: readonly string[], folder: string) =>
  runNode(args, { home: folder, cwd: folder });

const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"',
  'seeds/people.csv': 'id,name\n1,Ann\n2,Bob\n',
  'macros/low.sql': '{% macro low(column) %}lower({{ column }}){% endmacro %}',
  'models/quiet.sql': "select id, {{ low('name') }} as name from {{ ref('shout') }}",
  'models/shout.ts': `import { defineModel, ref } from 'tidemill';
export const shout = defineModel({
  inputs: { people: ref('people', { id: 'bigint', name: 'varchar' }) },
  columns: { id: 'bigint', name: 'varchar' },
  async *run({ people }) {
    for await (const { id, name } of people.rows()) yield { id, name: name?.toUpperCase() ?? null };
  },
});`,
  'models/people.yml': `models:
  - name: quiet
    columns: [{ name: id, data_tests: [unique, not_null] }]`,
};

/** A digest: what a run writes of itself differs each time. */
function readCompiled(folder: string): string {
  const manifest = readFileSync(join(folder, 'target/manifest.json'), 'utf8');
  const parts = JSON.parse(manifest) as Record<string, unknown>;
  const text = JSON.stringify([parts['nodes'], parts['macros'], parts['child_map']]);
  const same = text.replaceAll(folder, '').replace(/"created_at":[\d.]+/g, '');
  return createHash('sha1').update(same).digest('hex');
}

test('a project with SQL, macros, tests and TypeScript builds as it does from the sources', async () => {
  const [folder, other] = [writeFolder(files), writeFolder(files)];
  const built = await run([program, 'build'], folder);
  expect(built.err).toBe('');
  expect(built.code).toBe(0);
  const query = ['query', 'select name from main.quiet order by id', '--format', 'json'];
  expect((await run([program, ...query], folder)).out).toBe('{"name":"ann"}\n{"name":"bob"}\n');
  expect((await run([program, 'lineage', 'quiet.name'], folder)).out).toContain('people');

  const [compiled, from] = await Promise.all([
    run([program, 'compile'], folder),
    run([bin, 'compile'], other),
  ]);
  expect(compiled).toEqual(from);
  expect(readCompiled(folder)).toBe(readCompiled(other));
});

test('what the sources remembered is not believed by the package', async () => {
  const folder = writeFolder(files);
  await tidemill(folder, 'ls');
  const kept = readFileSync(join(folder, '.tidemill/models/project'));
  expect((await run([program, 'ls'], folder)).code).toBe(0);
  expect(readFileSync(join(folder, '.tidemill/models/project')).equals(kept)).toBe(false);
});

test('a statement that is built with one’s own query builder is one to the library', async () => {
  const folder = writeFolder({
    'pipelines.yaml': 'project: own\nwarehouse: { type: duckdb, path: warehouse.duckdb }\n',
  });
  const { out, err } = await run(
    [
      '--input-type=module',
      '--eval',
      `import { sql } from 'kysely';
       const { openProject } = await import(${JSON.stringify(join(installed, 'dist/index.js'))});
       using opened = openProject({ folder: ${JSON.stringify(folder)} });
       await using warehouse = await opened.openWarehouse();
       const name = sql.id('one');
       const [row] = await warehouse.query(sql\`select cast(\${7} as integer) as \${name}\`);
       console.log(JSON.stringify(row));`,
    ],
    installed,
  );
  expect([out, err]).toEqual(['{"one":7}\n', '']);
});

test('the library and every command are in it', async () => {
  const { out } = await run(
    [
      '--input-type=module',
      '--eval',
      `const library = await import(${JSON.stringify(join(installed, 'dist/index.js'))});
       console.log(Object.keys(library).join(' '));`,
    ],
    installed,
  );
  const library = await import('../../index.ts');
  expect(out.trim().split(' ').toSorted()).toEqual(Object.keys(library).toSorted());

  const commands = ['run', 'serve', 'sandbox', 'backup', 'undo', 'docs', 'identity', 'status'];
  for (const command of commands) {
    const { code, err } = await run([program, command, '--help'], installed);
    expect([command, code, err]).toEqual([command, 0, '']);
  }
  const { out: version } = await run([program, '--version'], installed);
  expect(version).toContain(
    (JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string })
      .version,
  );
});

test('a new project is written from what is published', async () => {
  const folder = writeFolder({});
  const { code, err } = await run([program, 'init'], folder);
  expect([code, err]).toEqual([0, '']);
  const { out } = await run([program, 'ls', '--resource-type', 'model'], folder);
  expect(out).toContain('contact_health');
});
