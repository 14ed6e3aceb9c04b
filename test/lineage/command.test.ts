import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lineageJson } from '../../cli/lineage/lineage-json.ts';
import { lineageMermaid } from '../../cli/lineage/lineage-mermaid.ts';
import { lineageSvg } from '../../cli/lineage/lineage-svg.ts';
import { lineageText } from '../../cli/lineage/lineage-text.ts';
import { layOut } from '../../cli/lineage/svg-layout.ts';
import type { ColumnGraph } from '../../engine/lineage/column-graph.ts';
import type { Direction } from '../../engine/lineage/column-walk.ts';
import { findTarget } from '../../engine/lineage/find-column.ts';
import { spreadLabels } from '../../engine/lineage/labels.ts';
import { viewLineage } from '../../engine/lineage/lineage-view.ts';
import { repository } from '../loop/loop.ts';
import { createSmallProject, type SmallProject } from '../loop/small-project.ts';
import { traceFolder } from './traced.ts';

interface LineageJson {
  readonly node: string;
  readonly column: string | null;
  readonly nodes: readonly {
    readonly id: string;
    readonly gap: string | null;
    readonly columns: readonly {
      readonly name: string;
      readonly type: string | null;
      readonly labels: readonly string[];
    }[];
  }[];
  readonly edges: readonly {
    readonly from: { readonly node: string; readonly column: string };
    readonly to: { readonly node: string; readonly column: string };
    readonly kinds: readonly string[];
  }[];
}

let small: SmallProject;
let graph: ColumnGraph;

beforeAll(async () => {
  small = createSmallProject({});
  small.write(
    'models/sources.yml',
    `
version: 2
sources:
  - name: salesforce
    tables:
      - { name: Contact, columns: [{ name: Email, labels: [pii] }, { name: Id, meta: { labels: [key] } }] }
  - { name: hubspot, tables: [{ name: companies }] }
`,
  );
  small.write(
    'models/bands.sql',
    `select "Id" as id, lower("Email") as mail, case when "Level__c" > 1 then 'good' else 'neutral' end as band
from {{ source('salesforce', 'Contact') }} where not "Closed__c"`,
  );
  small.write(
    'models/mails.sql',
    "select count(*) as n, max(mail) as last, band from {{ ref('bands') }} group by band",
  );
  small.write('models/wide.sql', "pivot {{ ref('bands') }} on band using max(mail)");
  small.write(
    'models/shown.sql',
    `select "Health_Band__c" as shown from {{ source('salesforce', 'Contact') }}`,
  );
  small.write(
    'models/odd.sql',
    `select "Email" as "a#35;b", "Email" as "%%{init}%%", "Email" as "<b>&\`x\`", "Email" as "one\ntwo\\n"
from {{ source('salesforce', 'Contact') }}`,
  );
  small.write(
    'models/both.sql',
    `select lower("Email") as low, "Email" as mail from {{ source('salesforce', 'Contact') }}`,
  );
  small.write('models/turned.sql', "pivot {{ ref('both') }} on low using max(mail)");
  const many = Array.from({ length: 60 }, (_, index) => `n${index}`);
  small.write('models/many.sql', `select ${many.map((name) => `1 as ${name}`).join(', ')}`);
  small.write('models/one.sql', `select ${many.join(' + ')} as sum from {{ ref('many') }}`);
  graph = (await traceFolder(small.folder)).graph;
});

afterAll(() => {
  small[Symbol.dispose]();
});

const rows = (text: string): string[] => text.trimEnd().split('\n');
const plain = (text: string): string => text;

interface Asked {
  readonly only?: Direction;
  readonly all?: boolean;
}

function ask(text: string, { only, all = false }: Asked = {}) {
  const target = findTarget(graph, text);
  if ('complaint' in target) throw new Error(target.complaint);
  const options = { withRows: all };
  const labels = spreadLabels(graph);
  const view = viewLineage(graph, labels, target, {
    ...options,
    ...(only ? { directions: [only] } : {}),
  });
  const context = { graph, labels, options, dim: plain, bold: plain };
  return { view, text: lineageText(context, view) };
}

describe('lineage, before anything has landed,', () => {
  test('draws a column as trees', () => {
    expect(rows(ask('bands.band').text)).toEqual([
      'main.bands.band',
      'follows from',
      '└─ salesforce.Contact.Level__c  computed',
      '   └─ salesforce.Contact.Level__c  field',
      'goes into',
      '├─ main.mails.band  copied',
      '├─ salesforce.Contact.Health_Band__c (sync bands)  copied',
      '└─ main.wide.* [key, pii]  perhaps',
    ]);
  });

  test('tells the first of very many columns, and how many are left', () => {
    const { text } = ask('one.sum', { only: 'upstream' });
    expect(rows(text)).toHaveLength(2 + 40 + 1);
    expect(rows(text).at(-1)).toBe('└─ … and 20 more: --json tells all of them');
    expect(ask('one').text).toContain('  ← … and 20 more: --json tells all of them');
  });

  test('leads from a field of a CRM to the sync that writes it', () => {
    expect(rows(ask('salesforce.Contact.Health_Band__c', { only: 'upstream' }).text)).toEqual([
      'salesforce.Contact.Health_Band__c',
      'follows from',
      '   what the sync bands writes: tidemill lineage bands.Health_Band__c',
    ]);
  });

  test('shows what chooses rows where that is asked for', () => {
    const { text } = ask('bands.band', { only: 'upstream', all: true });
    expect(text).toContain('salesforce.Contact.Closed__c  filter');
    const { text: below } = ask('salesforce.Contact.Id', { only: 'downstream', all: true });
    expect(below).toContain('salesforce.Contact.* (sync bands)  join');
  });

  test('lists the columns of a node with both ends of their ways', () => {
    const { text } = ask('main.bands', { only: 'upstream' });
    expect(rows(text).slice(2, 9)).toEqual([
      'id [key]',
      '  ← salesforce.Contact.Id [key]  copied',
      '  ←← salesforce.Contact.Id',
      '',
      'mail [pii]',
      '  ← salesforce.Contact.Email [pii]  computed',
      '  ←← salesforce.Contact.Email',
    ]);
    expect(text).not.toContain('→');
    expect(rows(text).slice(-2)).toEqual([
      'rows are chosen by',
      '  ← salesforce.Contact.Closed__c  filter',
    ]);
  });

  test('starts at a field of a CRM and ends at one', () => {
    const { text } = ask('salesforce.Contact.Level__c', { only: 'downstream' });
    expect(text).toContain('salesforce.Contact.Health_Band__c (sync bands)');
  });

  test('says of a node it cannot follow why, and what it reads', () => {
    const { text } = ask('wide');
    expect(text).toContain('no columns can be told: its columns follow from rows');
    expect(text).toContain('it reads main.bands');
  });

  test('finds nodes by every name they have', () => {
    const names = ['bands', 'main.bands', 'MAIN.Bands', 'model.small.bands'];
    for (const name of names) expect(ask(name).view.target.node.id).toBe('model.small.bands');
    for (const name of ['sync.bands', 'sync:bands']) {
      expect(ask(name).view.target.node.id).toBe('sync.bands');
    }
    expect(ask('salesforce.Contact').view.target.node.id).toBe('extract.salesforce.Contact');
    expect(ask('source.small.salesforce.Contact.Email').view.target).toMatchObject({
      node: { id: 'source.small.salesforce.Contact' },
      column: 'Email',
    });
  });

  test('answers JSON with columns, labels, gaps and edges', () => {
    const { view } = ask('mails.last', { only: 'upstream' });
    const json = JSON.parse(JSON.stringify(lineageJson(view))) as LineageJson;
    expect(json).toMatchObject({ node: 'model.small.mails', column: 'last' });
    const last = json.nodes.find(({ id }) => id === 'model.small.mails');
    expect(last?.columns).toEqual([{ name: 'last', type: null, labels: ['pii'] }]);
    expect(json.edges).toContainEqual({
      from: { node: 'model.small.bands', column: 'mail' },
      to: { node: 'model.small.mails', column: 'last' },
      kinds: ['computed'],
    });
    const names = new Set(json.nodes.map(({ id }) => id));
    for (const { from, to } of json.edges) {
      expect(names).toContain(from.node);
      expect(names).toContain(to.node);
    }
  });

  test('says on one edge all that two columns have to do with each other', () => {
    const { view } = ask('mails.band', { only: 'upstream', all: true });
    const edge = (kinds: readonly string[]) => ({
      from: { node: 'model.small.bands', column: 'band' },
      to: { node: 'model.small.mails', column: 'band' },
      kinds,
    });
    expect(view.edges).toContainEqual(edge(['copied', 'group']));
    expect(lineageMermaid(view)).toMatch(/n\d+c\d+ --> n\d+c\d+/);
    const both = ask('turned', { only: 'upstream' }).view.edges;
    expect(both.filter(({ to }) => to.node === 'model.small.both')).toMatchObject([
      { from: { column: 'Email' }, to: { column: '*' }, kinds: ['computed'] },
    ]);
  });

  test('draws Mermaid of names that are none of its own words', () => {
    const { view } = ask('odd', { only: 'upstream' });
    const names = rows(lineageMermaid(view)).flatMap(
      (line) => /"(.*) \[pii\]"\]:::/.exec(line)?.[1],
    );
    expect(names.filter((name) => name !== undefined)).toEqual([
      'a#35;35;b',
      '#37;#37;{init}#37;#37;',
      '#60;b#62;#38;#96;x#96;',
      'one#10;two#92;n',
    ]);
  });

  test('draws Mermaid', () => {
    expect(rows(lineageMermaid(ask('bands.mail', { only: 'upstream' }).view))).toEqual([
      'flowchart LR',
      '  subgraph n0["salesforce.Contact"]',
      '    n0c0["Email [pii]"]',
      '  end',
      '  subgraph n1["salesforce.Contact"]',
      '    n1c0["Email [pii]"]',
      '  end',
      '  subgraph n2["main.bands"]',
      '    n2c0["mail [pii]"]:::start',
      '  end',
      '  n1c0 -.-> n2c0',
      '  n0c0 --> n1c0',
      '  classDef start stroke-width:3px',
    ]);
  });

  test('draws a picture that stands alone', () => {
    const { view } = ask('bands');
    const picture = lineageSvg(view);
    expect(picture).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(picture).not.toMatch(/href|url\(|<script|NaN|undefined/);
    expect(picture.match(/<g>/g)).toHaveLength(view.nodes.length);
    expect(picture.match(/<\/g>/g)).toHaveLength(view.nodes.length);
    // Nothing lies on anything else.
    const boxes = [...layOut(view).boxes.values()];
    for (const one of boxes) {
      for (const other of boxes) {
        const apart =
          one === other ||
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart, `${one.view.node.id} and ${other.view.node.id}`).toBe(true);
      }
    }
  });
});

describe('tidemill lineage', () => {
  test('names what was meant where a node or a column is unknown', async () => {
    const node = await small.call('lineage', 'bandz');
    expect(node.code).toBe(1);
    expect(node.err).toContain('there is no node "bandz"; did you mean "bands"?');
    expect(() => ask('bandz.band')).toThrow('"bandz.band"; did you mean "bands"?');
    expect(() => ask('bands.bend')).toThrow(
      'main.bands has no column "bend"; did you mean "band"?',
    );
  });

  test('refuses two forms at once as a wrong use', async () => {
    const { code, err } = await small.call('lineage', 'bands', '--json', '--svg');
    expect(code).toBe(2);
    expect(err).toContain("'--json' cannot be used with option '--svg'");
  });

  test('follows a dbt project from its seeds, and the second time from its cache', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'shop-'));
    cpSync(join(repository, 'examples', 'dbt-shop'), folder, { recursive: true });
    try {
      const first = await small.call(
        '--project-dir',
        folder,
        'lineage',
        'orders.customer_id',
        '--json',
      );
      expect(first.code, first.err).toBe(0);
      const json = JSON.parse(first.out) as LineageJson;
      // One of its templates asks the warehouse for the values it pivots by.
      const gaps = json.nodes.filter(({ gap }) => gap !== null).map(({ id }) => id);
      expect(gaps).toEqual(['model.dbt_shop.orders_by_status']);
      expect(json.nodes.map(({ id }) => id)).toContain('seed.dbt_shop.raw_orders');
      const cache = readFileSync(join(folder, '.tidemill', 'lineage.json'), 'utf8');
      expect(cache).toContain('raw_orders');
      const second = await small.call(
        '--project-dir',
        folder,
        'lineage',
        'orders.customer_id',
        '--json',
      );
      expect(second.out).toBe(first.out);
      writeFileSync(join(folder, 'models', 'lost.sql'), "select gone from {{ ref('orders') }}");
      const { err } = await small.call('--project-dir', folder, 'lineage', 'lost');
      expect(err).toContain('read by text alone, not bound: `tidemill plan` says why');
      // It has no CRM that could be asked.
      expect(err).not.toContain('--discover');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
