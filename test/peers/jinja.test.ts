import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWithDbt } from './with-dbt.ts';

const script = fileURLToPath(new URL('../jinja/golden.py', import.meta.url));

describeWithDbt('the committed goldens of the template language', ({ python }) => {
  test('are what jinja2 writes', () => {
    const { status, stdout, stderr } = spawnSync(python, [script, '--check'], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  });
});
