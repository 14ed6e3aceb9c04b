import { describe, expect, test } from 'vitest';
import { faultsOf, modelOf, readFiles } from './project-folder.ts';

describe('config', () => {
  test.each([
    ['2026', '2026'],
    ['true', 'true'],
    ['[2026-01-01]', '["2026-01-01"]'],
    ['2026-1-1', '"2026-1-1"'],
    ['2026-02-30', '"2026-02-30"'],
    ['yesterday', '"yesterday"'],
    ['2026-01-01 25:00', '"2026-01-01 25:00"'],
  ])('a microbatch begins at a moment, which %s is not', async (written, shown) => {
    const config = "materialized='incremental', incremental_strategy='microbatch'";
    const project = await readFiles({
      'models/a.sql': `{{ config(${config}, event_time='at', batch_size='day') }} select 1 as id`,
      'models/schema.yml': `models:\n  - name: a\n    config: {begin: ${written}, lookback: 1.5}\n`,
    });
    expect(faultsOf(project)).toEqual([
      `models/schema.yml:2:11 config "begin" is ${shown}; write a date or a moment such as 2026-01-31 or 2026-01-31T07:00:00`,
      'models/schema.yml:2:11 config "lookback" is 1.5; write a whole number of batches',
    ]);
  });

  test.each([
    "'2026-01-01'",
    "'2026-01-01 10:00'",
    "'2026-01-01T10:00:00.5+02:00'",
    'modules.datetime.datetime(2026, 1, 1)',
    'modules.datetime.date(2026, 1, 1)',
  ])('a microbatch may begin at %s', async (written) => {
    const config = "materialized='incremental', incremental_strategy='microbatch', lookback=2";
    const project = await readFiles({
      'models/a.sql': `{{ config(${config}, event_time='at', batch_size='day', begin=${written}) }} select 1 as id`,
    });
    expect(faultsOf(project)).toEqual([]);
  });

  test('what YAML says of a name is said of the node that is on, and of none that is off', async () => {
    const project = await readFiles({
      'dbt_project.yml': 'name: shop',
      'models/one/a.sql': '{{ config(enabled=false) }} select 1 as id',
      'models/two/a.sql': 'select 2 as id',
      'models/three/a.sql': '{{ config(enabled=false) }} select 3 as id',
      'models/schema.yml': 'models: [{name: a, description: The one., config: {meta: {x: 1}}}]',
    });
    expect(faultsOf(project)).toEqual([]);
    const told = (one: { description?: string | undefined; file: string }) => [
      one.file,
      one.description ?? '',
    ];
    expect(told(modelOf(project, 'a'))).toEqual(['models/two/a.sql', 'The one.']);
    expect(project.disabled.map(told)).toEqual([
      ['models/one/a.sql', ''],
      ['models/three/a.sql', ''],
    ]);
  });

  test('texts of config end without the line break that Jinja leaves out; hooks keep theirs', async () => {
    const project = await readFiles({
      'models/a.sql': 'select 1 as id',
      'models/schema.yml': [
        'models:',
        '  - name: a',
        '    config:',
        '      meta:',
        '        kept: |-\n          text',
        '        one: |\n          text',
        '        two: |+\n          text\n',
        '        held: |\n          {{ 1 + 1 }}\n',
        '      post_hook: |\n        select 1\n',
        '    description: |\n      Told.\n',
        '    columns: [{name: id}]',
      ].join('\n'),
    });
    const { nodeConfig, description } = modelOf(project, 'a');
    expect(nodeConfig.raw['meta']).toEqual({ kept: 'text', one: 'text', two: 'text\n', held: 2 });
    expect(nodeConfig.postHooks).toEqual(['select 1\n']);
    expect(description).toBe('Told.\n');
  });
});
