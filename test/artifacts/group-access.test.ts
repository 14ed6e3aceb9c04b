import { describe, expect, test } from 'vitest';
import { compileOperation } from '../../engine/declare/compile-node.ts';
import { faultsOf, readFiles } from '../models/project-folder.ts';

const groups = `
groups:
  - {name: front, owner: {name: Us}}
  - {name: back, owner: {email: them@example.com}}
`;

describe('groups and access', () => {
  test('a private model is for its group: for its models and the tests of them', async () => {
    const project = await readFiles({
      'dbt_project.yml': 'name: shop\nmodels: {shop: {front: {+group: front}}}',
      'models/front/a.sql': "{{ config(access='private') }} select 1 as n",
      'models/front/b.sql': "select n from {{ ref('a') }}",
      'models/c.sql': "\nselect n\nfrom {{ ref('a') }}",
      'models/d.sql': "{{ config(group='back') }} select n from {{ ref('a') }}",
      'models/schema.yml': `${groups}
models:
  - {name: a, columns: [{name: n, data_tests: [unique]}]}
  - {name: b, columns: [{name: n, data_tests: [{relationships: {to: ref('a'), field: n}}]}]}
exposures:
  - {name: mail, type: ml, owner: {name: x}, depends_on: ["ref('a')"]}
`,
      'tests/t.sql': "select * from {{ ref('a') }} where n > 1",
    });
    expect(faultsOf(project)).toEqual([
      expect.stringMatching(/^models\/c\.sql:3:\d+ "a" is private: to the group "front"/),
      expect.stringMatching(/^models\/d\.sql:1:\d+ "a" is private/),
      expect.stringMatching(/^models\/schema\.yml:\d+:\d+ "a" is private/),
      expect.stringMatching(/^tests\/t\.sql:1:1 "a" is private/),
    ]);
    expect([...project.broken].sort()).toEqual(['model.shop.c', 'model.shop.d', 'test.shop.t']);
  });

  test('a hook may refer to what its model may, and a hook of a run to no private model', async () => {
    const files = {
      'dbt_project.yml': 'name: shop\nmodels: {shop: {front: {+group: front}}}',
      'models/front/a.sql': "{{ config(access='private') }} select 1 as n",
      'models/front/b.sql':
        '{{ config(post_hook="select * from {{ ref(\'a\') }}") }} select 1 as n',
      'models/c.sql': '{{ config(pre_hook="select * from {{ ref(\'a\') }}") }} select 1 as n',
      'models/schema.yml': groups,
    };
    const project = await readFiles(files);
    expect(faultsOf(project)).toEqual([
      expect.stringMatching(/^models\/c\.sql:1:\d+ "a" is private: to the group "front"/),
    ]);
    const ofRun = { name: 'shop-on-run-end-0', packageName: 'shop' };
    const text = "select count(*) from {{ ref('NAME') }}";
    await expect(
      compileOperation(project, { ...ofRun, text: text.replace('NAME', 'a') }),
    ).rejects.toThrow('"a" is private: to the group "front"');
    expect(await compileOperation(project, { ...ofRun, text: text.replace('NAME', 'c') })).toBe(
      'select count(*) from "main"."c"',
    );
  });

  test('another package may refer to what is not public, unless access is restricted', async () => {
    const files = (restricts: boolean) => ({
      'dbt_project.yml': 'name: shop',
      'models/a.sql': "select n from {{ ref('kept') }} union all select n from {{ ref('open') }}",
      'dbt_packages/tools/dbt_project.yml': `name: tools\nrestrict-access: ${restricts}`,
      'dbt_packages/tools/models/kept.sql': 'select 1 as n',
      'dbt_packages/tools/models/open.sql': "{{ config(access='public') }} select 1 as n",
      'dbt_packages/tools/models/own.sql': "select n from {{ ref('kept') }}",
    });
    expect(faultsOf(await readFiles(files(false)))).toEqual([]);
    expect(faultsOf(await readFiles(files(true)))).toEqual([
      expect.stringMatching(/^models\/a\.sql:1:\d+ "kept" is protected: only its package/),
    ]);
  });

  test('a group there is not, and an access that is none, are told with what was meant', async () => {
    const project = await readFiles({
      'dbt_project.yml': 'name: shop',
      'models/a.sql': "{{ config(group='fornt') }} select 1 as n",
      'models/b.sql': "{{ config(access='privat') }} select 1 as n",
      'models/c.sql': "{{ config(access='public', materialized='ephemeral') }} select 1 as n",
      'models/schema.yml': `${groups}  - {name: front, owner: {}}\n`,
    });
    expect(faultsOf(project)).toEqual([
      expect.stringMatching(/^models\/a\.sql:.*no group "fornt"; did you mean "front"/),
      expect.stringMatching(/^models\/b\.sql:.*access "privat"; did you mean "private"/),
      expect.stringMatching(/^models\/c\.sql:.*ephemeral model cannot be public/),
      expect.stringMatching(/^models\/schema\.yml:5:\d+ the group "front" has no owner/),
      expect.stringMatching(/^models\/schema\.yml:5:\d+ the group "front" is written twice/),
    ]);
  });
});
