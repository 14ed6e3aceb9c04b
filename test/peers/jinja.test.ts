import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findPython, whyNoPython } from './python.ts';

const found = findPython();
const script = fileURLToPath(new URL('../jinja/golden.py', import.meta.url));

test.skipIf(!found)(
  `the committed goldens of the template language are what jinja2 writes${found ? '' : `: ${whyNoPython()}`}`,
  () => {
    const { status, stdout, stderr } = spawnSync(found?.python ?? '', [script, '--check'], {
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toBe('');
    expect(status).toBe(0);
  },
);
