import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openProject } from '../../cli/open-project.ts';
import { readOutline } from '../../cli/outline.ts';
import { formatFault } from '../../engine/declare/model-fault.ts';
import type { Clock } from '../../engine/words/clock.ts';
import { systemClock } from '../../engine/words/clock.ts';
import { silentLog } from '../../engine/words/log.ts';
import {
  judgeWarning,
  readWarningRules,
  type WarningRules,
} from '../../engine/words/warning-rules.ts';
import { writeFolder } from '../models/project-folder.ts';
import { dbtFolder } from './dbt-project.ts';

type Files = Readonly<Record<string, string>>;

async function toldIn(
  folder: string,
  day = '2026-01-01',
  warningRules?: WarningRules,
): Promise<string[]> {
  const clock: Clock = { now: () => Date.parse(day), sleep: systemClock.sleep };
  const rules = warningRules ? { warningRules } : {};
  using opened = openProject({ folder, env: { HOME: folder }, clock, ...rules });
  const { models } = await readOutline(opened);
  return (models?.faults ?? []).map((fault) => `${fault.severity}: ${formatFault(fault)}`);
}

const laid = (files: Files): string =>
  writeFolder({ 'dbt_project.yml': 'name: shop\nversion: "1.0"', ...files });

describe('config in dbt_project.yml that applies to nothing', () => {
  const tree = `name: shop
models:
  shop:
    stagging: {+materialized: table}
    staging:
      +tags: [a]
      b: {meta: {owner: me}}
    away: {+enabled: false}
seeds: {+quote_columns: true}
sources: {shop: {gone: {+enabled: false}, left: {+enabled: false}}}
data_tests: {shop: {away: {+severity: warn}}}
`;
  const files = {
    'dbt_project.yml': tree,
    'models/staging/a.sql': 'select 1 as n',
    'models/staging/b.sql': 'select 1 as n',
    'models/away/c.sql': 'select 1 as n',
    'models/sources.yml': 'sources: [{name: left, tables: [{name: t}]}]',
  };

  test('is told with what was probably meant; what switches nodes off is not', async () => {
    expect((await toldIn(laid(files))).map((one) => one.replace(/; a path is.*/, ''))).toEqual([
      'warning: dbt_project.yml:4:5 this config of models at shop.stagging applies to none: there ' +
        'is no such model; did you mean "shop.staging"?',
      'warning: dbt_project.yml:9:1 this config of seeds applies to none: there is no such seed',
      'warning: dbt_project.yml:10:18 this config of sources at shop.gone applies to none: there ' +
        'is no such source',
    ]);
  });

  test('follows models that come and go, as a project read anew would', async () => {
    const { writeFileSync, rmSync } = await import('node:fs');
    const folder = laid(files);
    const told = async () => (await toldIn(folder)).map((one) => /:(\d+):/.exec(one)?.[1]);
    expect(await told()).toEqual(['4', '9', '10']);
    rmSync(`${folder}/models/staging/b.sql`);
    expect(await told()).toEqual(['4', '7', '9', '10']);
    writeFileSync(`${folder}/models/staging/b.sql`, 'select 2 as n');
    writeFileSync(`${folder}/models/staging/d.sql`, 'select 2 as n');
    expect(await told()).toEqual(['4', '9', '10']);
  });
});

describe('a deprecation_date', () => {
  const files = {
    'models/old.sql': 'select 1 as n',
    'models/ver_v1.sql': 'select 1 as n',
    'models/ver_v2.sql': 'select 1 as n',
    'models/reader.sql': "select * from {{ ref('old') }}\njoin {{ ref('ver', v=1) }} using (n)",
    'models/s.yml': `models:
  - {name: old, deprecation_date: 2026-03-01}
  - {name: ver, latest_version: 2, versions: [{v: 1, deprecation_date: 2025-03-01 12:00:00}, {v: 2}]}`,
  };

  test('is told to who reads the model, and once it has passed to who keeps it', async () => {
    const folder = laid(files);
    const ofVersion = [
      'warning: models/reader.sql:2:9 reader refers to version 1 of the model ver, which is ' +
        "deprecated since 2025-03-01T12:00:00.000Z; version 2 is there: {{ ref('shop', 'ver', v='2') }}",
      'warning: models/ver_v1.sql:1:1 version 1 of the model ver has passed its deprecation date ' +
        'of 2025-03-01T12:00:00.000Z; disable or remove it, or set a later deprecation_date',
    ];
    const reader = 'warning: models/reader.sql:1:18 reader refers to the model old, which';
    const before = await toldIn(folder, '2026-02-28T23:59:59Z');
    expect(before).toEqual([
      expect.stringContaining(`${reader} will be deprecated on 2026-03-01; its description`),
      ...ofVersion,
    ]);
    // The second time nothing is read again: the day alone has changed.
    expect(await toldIn(folder, '2026-03-01')).toEqual([
      expect.stringContaining('the model old has passed its deprecation date of 2026-03-01'),
      expect.stringContaining(`${reader} is deprecated since 2026-03-01`),
      ...ofVersion,
    ]);
  });

  test('is told of a model that comes to read it', async () => {
    const { writeFileSync } = await import('node:fs');
    const lively = laid({
      'models/old.sql': "{{ config(deprecation_date='2025-01-01') }} select 1 as n",
      'models/reader.sql': 'select 1 as n',
    });
    expect(await toldIn(lively)).toHaveLength(1);
    writeFileSync(`${lively}/models/reader.sql`, "select * from {{ ref('old') }}");
    expect(await toldIn(lively)).toHaveLength(2);
  });
});

describe('constraints of an enforced contract', () => {
  const yaml = (columns: string, more = '') => `models:
  - name: m
    config: {contract: {enforced: true}${more}}
    columns: [${columns}]`;
  const told = (columns: string, more?: string) =>
    toldIn(laid({ 'models/m.sql': 'select 1 as id', 'models/s.yml': yaml(columns, more) }));

  test.each([
    [
      '{name: id, data_type: int, constraints: [{type: not_null}]}',
      '',
      'are not held: it is a view',
    ],
    [
      '{name: id, data_type: int, constraints: [{type: foreign_key, expression: x(id)}]}',
      ', materialized: table',
      'the constraint foreign_key of m is not held; a relationships test holds it',
    ],
  ])('that are not held are told: %s%s', async (columns, more, message) => {
    expect(await told(columns, more)).toEqual([expect.stringContaining(message)]);
    const quiet = columns.replace(/\[\{/, '[{warn_unsupported: false, warn_unenforced: false, ');
    expect(await told(quiet, more)).toEqual([]);
  });

  test.each([
    [
      '{name: id, data_type: int, constraints: [{type: notnull}]}',
      '"notnull" is no type; did you mean "not_null"?',
    ],
    [
      '{name: id, data_type: int, constraints: [{type: primary_key}]}, {name: b, data_type: int, constraints: [{type: primary_key}]}',
      'id, b are each primary_key',
    ],
  ])('that cannot be are faults of the model: %s', async (columns, message) => {
    expect((await told(columns, ', materialized: table')).join()).toContain(message);
  });

  test('hold no column whose type nobody says', async () => {
    const project = dbtFolder({
      'models/m.sql': 'select 1 as id, 2 as b',
      'models/s.yml': yaml('{name: id, data_type: int}, {name: b}'),
    });
    expect((await project.build()).steps[0]?.message).toContain('"b" has no data_type in YAML');
  });
});

describe('warn_error_options', () => {
  const files = {
    'models/a.sql': 'select 1 as n',
    'models/s.yml': 'models: [{name: a, descripton: x}, {name: gone}]\n',
  };

  test('says of each kind whether it is an error, a warning or nothing', async () => {
    const folder = laid(files);
    const told = async (written: Readonly<Record<string, unknown>>) =>
      (await toldIn(folder, undefined, readWarningRules(written))).map((one) => one.split(':')[0]);
    expect(await told({})).toEqual(['warning', 'warning']);
    expect(await told({ error: 'all' })).toEqual(['error', 'error']);
    expect(await told({ include: 'all', exclude: ['NoNodeForYamlKey'] })).toEqual([
      'error',
      'warning',
    ]);
    expect(await told({ error: ['NoNodeForYamlKey'] })).toEqual(['warning', 'error']);
    expect(await told({ error: ['Deprecations'], silence: ['NoNodeForYamlKey'] })).toEqual([
      'error',
    ]);
  });

  test('stops a run before anything is built, also for a selection that matches nothing', async () => {
    const project = dbtFolder(files);
    const rules = readWarningRules({ error: ['NoNodeForYamlKey'] });
    await expect(project.build({}, { warningRules: rules })).rejects.toThrow(
      /under --warn-error or warn_error_options nothing is done: models\/s.yml:1:.*there is no model "gone"/,
    );
    expect(await project.rows("select * from duckdb_views() where view_name = 'a'")).toEqual([]);
    const nothing = readWarningRules({ error: ['NoNodesForSelectionCriteria'] });
    await expect(project.build({ select: ['nope'] }, { warningRules: nothing })).rejects.toThrow(
      /"nope" matches nothing.*warn_error_options/,
    );
    const silent = readWarningRules({ silence: ['NoNodesForSelectionCriteria'] });
    const told: string[] = [];
    await project.build(
      { select: ['nope'], onPlan: (plan) => void told.push(...plan.warnings) },
      { warningRules: silent },
    );
    expect(told.join()).not.toContain('nope');
  });

  test('judges what templates warn of, read anew or from memory, and when they are built', async () => {
    const project = dbtFolder({
      'models/a.sql': "{% do exceptions.warn('mind the gap') %} select 1 as n",
      'models/b.sql':
        "{% if execute %}{% do exceptions.warn('mind the step') %}{% endif %} select 1 as n",
    });
    const rules = readWarningRules({ error: ['JinjaLogWarning'] });
    for (let round = 0; round < 2; round += 1) {
      await expect(project.build({ select: ['a'] }, { warningRules: rules })).rejects.toThrow(
        /models\/a.sql:1:1 mind the gap/,
      );
    }
    writeFileSync(join(project.folder, 'models/a.sql'), 'select 1 as n');
    const built = await project.build({}, { warningRules: rules });
    expect(built.steps.map(({ id, status }) => [id, status])).toEqual([
      ['model.shop.a', 'success'],
      ['model.shop.b', 'failed'],
    ]);
    const heard: unknown[] = [];
    const log = { ...silentLog, warn: (_: string, fields: unknown) => void heard.push(fields) };
    const silent = readWarningRules({ silence: ['JinjaLogWarning'] });
    expect((await project.build({}, { warningRules: silent, log })).status).toBe('succeeded');
    expect(heard).toEqual([]);
    await project.build({ withoutReuse: true }, { log });
    expect(heard).toContainEqual(expect.objectContaining({ message: 'mind the step' }));
  });

  test('makes a test that warns a failure of the run', async () => {
    const project = dbtFolder({
      'models/a.sql': 'select 1 as n',
      'models/s.yml':
        'models: [{name: a, columns: [{name: n, tests: [{accepted_values: {arguments: {values: [2]}, config: {severity: warn}}}]}]}]',
    });
    expect((await project.build()).status).toBe('succeeded');
    const rules = readWarningRules({ error: ['LogTestResult'] });
    expect((await project.build({ withoutReuse: true }, { warningRules: rules })).status).toBe(
      'failed',
    );
  });

  test.each([
    [{ error: ['NoNodesForSelectionCriterion'] }, 'did you mean "NoNodesForSelectionCriteria"?'],
    [{ errors: 'all' }, 'the key "errors" is unknown; did you mean "error"?'],
    [{ error: 'some' }, 'error is no list of names'],
    [{ error: 'all', include: 'all' }, 'error and include are the same'],
  ])('%j is refused', (written, message) => {
    expect(() => readWarningRules(written)).toThrow(message);
  });

  test('a name goes before its group, and that before all; the milder of two holds', () => {
    const rules = readWarningRules({
      error: 'all',
      warn: ['Deprecations', 'JinjaLogWarning'],
      silence: ['JinjaLogWarning', 'TestsConfigDeprecation'],
    });
    const judged = [
      'TestsConfigDeprecation',
      'CustomTopLevelKeyDeprecation',
      'JinjaLogWarning',
      'DeprecatedModel',
      undefined,
    ];
    expect(judged.map((name) => judgeWarning(rules, name))).toEqual([
      'silent',
      'warning',
      'silent',
      'error',
      'error',
    ]);
    expect(
      judgeWarning(readWarningRules({ error: ['Deprecations'] }), 'UpcomingReferenceDeprecation'),
    ).toBe('warning');
  });
});
