import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { entryOf, readArtifact } from '../artifacts/artifact-files.ts';
import { tidemill } from '../artifacts/command-line.ts';
import { writeFolder } from '../models/project-folder.ts';

const head = "import { defineModel, ref } from 'tidemill';\n";
const files = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"',
  'seeds/people.csv': 'id,name\n1,Ann\n2,Bob\n',
  'models/shout.ts': `${head}
export const shout = defineModel({
  inputs: { people: ref('people', { id: 'bigint', name: 'varchar' }) },
  columns: { id: 'bigint', name: 'varchar' },
  config: { tags: ['loud'] },
  async *run({ people }) {
    for await (const { id, name } of people.rows()) yield { id, name: name?.toUpperCase() ?? null };
  },
});`,
  'models/broken.ts': `${head}export const model = defineModel(;`,
};

test('the commands know a model in TypeScript, and go on beside a broken one', async () => {
  const folder = writeFolder(files);
  const listed = await tidemill(folder, 'ls', '--select', 'tag:loud');
  expect(listed.out).toEqual(['shop.shout']);
  const compiled = await tidemill(folder, 'compile', '--select', 'shout');
  expect(compiled.err).toContain('models/broken.ts:2:');
  expect(compiled.out.join('\n')).toContain('cast(null as varchar) as "name"');
  expect(existsSync(join(folder, 'target/compiled/shop/models/shout.sql'))).toBe(true);

  const built = await tidemill(folder, 'build', '--select', '+shout');
  expect(built.err).toBe('');
  expect(built.code).toBe(0);
  const rows = await tidemill(
    folder,
    'query',
    'select name from main.shout order by id',
    '--format',
    'json',
  );
  expect(rows.out).toEqual(['{"name":"ANN"}', '{"name":"BOB"}']);
  const entry = entryOf(readArtifact(folder, 'manifest'), 'nodes', 'model.shop.shout');
  expect(entry).toMatchObject({
    language: 'typescript',
    original_file_path: 'models/shout.ts',
    raw_code: readFileSync(join(folder, 'models/shout.ts'), 'utf8').trim(),
    depends_on: { nodes: ['seed.shop.people'] },
  });

  const shown = await tidemill(folder, 'show', '--select', 'shout');
  expect(shown.err).toContain('a function in TypeScript');
  const all = await tidemill(folder, 'build');
  expect(all.code).not.toBe(0);
  expect(all.out.join('\n')).toMatch(/1 failed, 2 reused/);
});
