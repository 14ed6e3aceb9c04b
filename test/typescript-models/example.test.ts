import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DbtFolder, dbtProjectIn, troubles } from '../dbt/dbt-project.ts';
import { writeFolder } from '../models/project-folder.ts';

const example = join(import.meta.dirname, '..', '..', 'examples', 'typescript-models');

function copyExample(): DbtFolder {
  const folder = writeFolder({});
  cpSync(example, folder, { recursive: true });
  return dbtProjectIn(folder);
}

test('the documented example builds, tests and is reused; a changed seed is followed', async () => {
  const project = copyExample();
  const first = await project.build();
  expect(troubles(first)).toEqual([]);
  expect(first.steps.map(({ id }) => id)).toContain('unit_test.support.phones.finds_two_numbers');
  expect(await project.rows('from phones order by contact_id, position')).toEqual([
    { contact_id: 1, position: 1, number: '+491712345678', extension: null },
    { contact_id: 1, position: 2, number: '+4930901820', extension: null },
    { contact_id: 2, position: 1, number: '+14155550132', extension: '204' },
    { contact_id: 3, position: 1, number: '+442079460018', extension: null },
    { contact_id: 3, position: 2, number: '+447700900123', extension: null },
    { contact_id: 5, position: 1, number: '+491712345678', extension: null },
  ]);
  const conversations =
    'select contact_id as id, position as nr, path, outcome from conversations order by 1, 2';
  expect(await project.rows(conversations)).toEqual([
    { id: 1, nr: 1, path: 'visited > asked > answered', outcome: 'helped' },
    { id: 1, nr: 2, path: 'visited', outcome: 'browsed' },
    { id: 2, nr: 1, path: 'asked', outcome: 'waiting' },
    { id: 2, nr: 2, path: 'left', outcome: 'browsed' },
    { id: 3, nr: 1, path: 'visited', outcome: 'browsed' },
  ]);
  const models = (await project.build()).steps.filter(({ kind }) => kind === 'materialize');
  expect(models.map(({ status }) => status)).toEqual(models.map(() => 'reused'));

  writeFileSync(
    join(project.folder, 'seeds', 'raw_events.csv'),
    'contact_id,at,kind\n1,2026-03-02 09:00:00,visited\n3,2026-03-03 08:00:00,visited\n2,2026-03-02 10:00:00,asked\n2,2026-03-02 10:45:00,left\n',
  );
  const second = await project.build();
  expect(troubles(second)).toEqual([]);
  const told = second.steps.find(({ id }) => id.endsWith('.conversations'))?.message;
  expect(told).toBe('rebuilt, 3 rows, 1 test holds');
});

test('a changed part of a model has it built again; a wrong unit test holds it back, quoting its rows', async () => {
  const project = copyExample();
  expect(troubles(await project.build())).toEqual([]);
  const part = join(project.folder, 'models', 'parts', 'find-numbers.ts');
  writeFileSync(part, 'export const findNumbers = () => [{ number: "+1", extension: null }];');
  const plain = await project.build();
  expect(plain.steps.filter(({ status }) => status === 'failed')).toMatchObject([
    { id: 'unit_test.support.phones.finds_two_numbers' },
  ]);
  expect(plain.steps.find(({ id }) => id === 'model.support.phones')?.status).toBe('skipped');
  writeFileSync(
    part,
    'export const findNumbers = (text: string) => { throw new Error("cannot read " + text); };',
  );
  const thrown = await project.build();
  expect(troubles(thrown).join()).toContain(
    'find-numbers.ts:1:54: the function threw Error: cannot read 0171',
  );
});
