import { expect, test } from 'vitest';
import { silentLog } from '../../engine/words/log.ts';
import { readFiles } from './project-folder.ts';

test('what templates say is said as Python prints it', async () => {
  const said: unknown[] = [];
  const note = (_: string, fields?: Readonly<Record<string, unknown>>) =>
    said.push(fields?.['message']);
  await readFiles(
    {
      'models/a.sql': `{% do log({'a': [1, none, true]}, info=true) %}{{ print(none) }}{{ print(('x',)) }}
        {% do exceptions.warn(['w']) %}{% do log(target, true) %}select 1 as id`,
    },
    { log: { ...silentLog, info: note, warn: note } },
  );
  const target = expect.stringMatching(/^\{'name': .*'type': 'duckdb'/);
  expect(said).toEqual(["{'a': [1, None, True]}", 'None', "('x',)", "['w']", target]);
});

test('what a template raises is told as Python prints it', async () => {
  const project = await readFiles({
    'models/a.sql': "{{ exceptions.raise_compiler_error({'found': none}) }}",
  }).catch((error: unknown) => error);
  expect(project).toMatchObject({ faults: [{ message: "{'found': None}", line: 1 }] });
});
