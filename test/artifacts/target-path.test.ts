import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { entryOf, filesOf, statusesOf } from './artifact-files.ts';
import { bin, runNode, tidemill } from './command-line.ts';

const files = {
  'models/a.sql': 'select 1 as n',
  'models/schema.yml': 'models: [{name: a, columns: [{name: n, data_tests: [unique]}]}]',
};

function withTarget(path: string): Record<string, string> {
  return { ...files, 'dbt_project.yml': `name: shop\nversion: "1.0"\ntarget-path: ${path}\n` };
}

function compiledPathOf(path: string): unknown {
  const manifest = JSON.parse(readFileSync(join(path, 'manifest.json'), 'utf8'));
  return entryOf(manifest, 'nodes', 'model.shop.a')['compiled_path'];
}

describe('artifacts are written', () => {
  test('where target-path says, which may be a template; clean removes that', async () => {
    const { folder, build } = dbtFolder(withTarget(`"out/{{ env_var('NOT_SET', 'dev') }}"`));
    await build();
    expect(filesOf(folder)).toEqual([]);
    const built = JSON.parse(readFileSync(join(folder, 'out/dev/run_results.json'), 'utf8'));
    expect(Object.values(statusesOf(built))).toEqual(['success', 'pass']);
    for (const _ of ['compiled', 'as it was']) {
      const { out } = await tidemill(folder, 'compile');
      expect(out).toEqual(['wrote 2 files to out/dev/compiled']);
      expect(compiledPathOf(join(folder, 'out/dev'))).toBe('out/dev/compiled/shop/models/a.sql');
    }
    const { out } = await tidemill(folder, 'clean');
    expect(out).toEqual(['removed out/dev']);
    expect(existsSync(join(folder, 'out/dev'))).toBe(false);
  });

  test('where --target-path says, also outside the project, whatever the project says', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'tidemill-target-'));
    const { folder } = dbtFolder(withTarget('out'));
    await tidemill(folder, 'compile');
    const { code } = await tidemill(folder, 'compile', '--target-path', elsewhere);
    expect(code).toBe(0);
    const sql = join(elsewhere, 'compiled/shop/models/a.sql');
    expect(readFileSync(sql, 'utf8')).toBe('select 1 as n');
    expect(compiledPathOf(elsewhere)).toBe(sql);
    expect(compiledPathOf(join(folder, 'out'))).toBe('out/compiled/shop/models/a.sql');
    const refused = await tidemill(folder, 'clean', '--target-path', elsewhere);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is not removed') });
  });

  test('where DBT_TARGET_PATH says', async () => {
    const { folder } = dbtFolder(files);
    const env = { DBT_TARGET_PATH: 'of-the-environment' };
    const { code } = await runNode([bin, 'parse'], { home: folder, cwd: folder, env });
    expect({ code, left: filesOf(folder) }).toEqual({ code: 0, left: [] });
    expect(existsSync(join(folder, 'of-the-environment/manifest.json'))).toBe(true);
  });
});
