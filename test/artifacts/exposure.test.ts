import { describe, expect, test } from 'vitest';
import { selectNodes } from '../../engine/declare/select.ts';
import { dbtFolder } from '../dbt/dbt-project.ts';
import { faultsOf, readFiles } from '../models/project-folder.ts';
import { entryOf, readArtifact, statusesOf } from './artifact-files.ts';
import { tidemill } from './command-line.ts';

const files = {
  'dbt_project.yml': 'name: shop',
  'models/a.sql': 'select 1 as n',
  'models/b.sql': "select n from {{ ref('a') }}",
  'models/out/mail.yml': `
exposures:
  - name: mail
    type: application
    owner: {email: us@example.com}
    depends_on: ["ref('b')", "source('desk', 'log')"]
    config: {tags: [weekly]}
  - {name: gone, type: ml, owner: {name: Us}, depends_on: ["ref('a')"], config: {enabled: false}}
sources: [{name: desk, tables: [{name: log}]}]
`,
};

describe('exposures', () => {
  test('stand at the end of the graph, and selectors reach what they are made of', async () => {
    const project = await readFiles(files);
    expect(faultsOf(project)).toEqual([]);
    const choose = (select: string) => [...selectNodes(project.graph, { select }).ids].sort();
    expect(choose('exposure:mail')).toEqual(['exposure.shop.mail']);
    expect(choose('+exposure:*')).toEqual([
      'exposure.shop.mail',
      'model.shop.a',
      'model.shop.b',
      'source.shop.desk.log',
    ]);
    expect(choose('a+,resource_type:exposure')).toEqual(['exposure.shop.mail']);
    expect(choose('tag:weekly')).toEqual(['exposure.shop.mail']);
    expect(choose('out.mail')).toEqual(['exposure.shop.mail']);
  });

  test('are listed, and told in the manifest; nothing is built for them', async () => {
    const { folder, build } = dbtFolder(files);
    const result = await build({ select: ['+exposure:mail'] });
    expect(result.steps.map(({ id }) => id)).toEqual(['model.shop.a', 'model.shop.b']);
    expect(
      entryOf(readArtifact(folder, 'manifest'), 'exposures', 'exposure.shop.mail'),
    ).toMatchObject({
      fqn: ['shop', 'out', 'mail'],
      owner: { email: 'us@example.com', name: null },
      depends_on: { nodes: ['model.shop.b', 'source.shop.desk.log'] },
      refs: [{ name: 'b', package: null, version: null }],
      sources: [['desk', 'log']],
      tags: ['weekly'],
    });
    expect(statusesOf(readArtifact(folder, 'run_results'))).toMatchObject({
      'exposure.shop.mail': 'no-op',
    });
    const listed = await tidemill(folder, 'ls', '--resource-type', 'exposure');
    expect(listed.out).toEqual(['exposure:shop.out.mail']);
  });

  test('that cannot be read are told with the places of what is wrong in them', async () => {
    const project = await readFiles({
      ...files,
      'models/out/mail.yml': `
exposures:
  - name: mail
    type: dashbord
    owner: {}
    depends_on:
      - ref('bb')
      - 'nothing'
      - ref('b'
  - {name: mail, type: notebook, maturity: old, owner: {name: x}}
  - {name: not a name, type: ml, owner: {name: x}}
`,
    });
    const told = faultsOf(project);
    expect(told).toEqual([
      expect.stringMatching(
        /:3:\d+ the exposure "mail" is of type "dashbord"; did you mean "dashb/,
      ),
      expect.stringMatching(/:3:\d+ the exposure "mail" has no owner/),
      expect.stringMatching(/:7:\d+ there is no model "bb"; did you mean "b"/),
      expect.stringMatching(/:8:\d+ "nothing" names no node/),
      expect.stringMatching(/:9:\d+ /),
      expect.stringMatching(/:10:\d+ .*maturity "old"/),
      expect.stringMatching(/:10:\d+ .*written twice/),
      expect.stringMatching(/:11:\d+ .*needs a name of letters/),
    ]);
    expect(project.broken.has('model.shop.b')).toBe(false);
  });
});
