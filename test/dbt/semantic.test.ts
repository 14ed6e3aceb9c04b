import { describe, expect, test } from 'vitest';
import { isExposureNode } from '../../engine/declare/model-node.ts';
import { readFiles } from '../models/project-folder.ts';
import { dbtFolder, troubles } from './dbt-project.ts';

const model = `semantic_models:
  - name: orders
    model: ref('orders')
    defaults: {agg_time_dimension: ordered_on}
    entities: [{name: order_id, type: primary}]
    dimensions: [{name: ordered_on, type: time, type_params: {time_granularity: day}}]
    measures: [{name: amount, agg: sum, create_metric: true}]
`;

const files = {
  'dbt_project.yml': 'name: shop',
  'models/orders.sql': "select 1 as order_id, date '2026-01-01' as ordered_on, 10 as amount",
  'models/s.yml': `${model}metrics:
  - {name: total, label: Total, type: simple, type_params: {measure: amount}}
  - {name: share, label: Share, type: ratio, type_params: {numerator: total, denominator: amount}}
saved_queries:
  - {name: by_day, query_params: {metrics: [share], group_by: ["TimeDimension('metric_time')"]}}
exposures:
  - {name: board, type: dashboard, owner: {name: Ada}, depends_on: ["metric('share')"]}
`,
};

async function complaintsOf(yaml: string): Promise<string[]> {
  const project = await readFiles({ ...files, 'models/s.yml': yaml });
  return project.faults.map(
    ({ file, line, column, message }) => `${file}:${line}:${column} ${message}`,
  );
}

describe('the semantic layer', () => {
  test('stands in the graph, is chosen by its methods, and has nothing built for it', async () => {
    const project = await readFiles(files);
    expect(project.faults).toEqual([]);
    const above = [...project.graph.ancestorsOf(['exposure.shop.board'])].sort();
    expect(above).toEqual([
      'metric.shop.amount',
      'metric.shop.share',
      'metric.shop.total',
      'model.shop.orders',
      'semantic_model.shop.orders',
    ]);
    const board = project.nodes.get('exposure.shop.board');
    expect(isExposureNode(board) && board.metrics).toEqual(['share']);
    const shop = dbtFolder(files);
    const run = await shop.build({ select: ['+metric:share'] });
    expect(run.steps.map(({ id }) => id)).toEqual(['model.shop.orders']);
    expect(troubles(await shop.build({ select: ['semantic_model:orders+'] }))).toEqual([]);
  });

  test('is in `graph` of templates', async () => {
    const project = dbtFolder({
      ...files,
      'models/told.sql': `{{ config(materialized='table') }}
        {% if execute %}
          {% for metric in graph.metrics.values() %}
            select '{{ metric.name }} {{ metric.type }} {{ metric.depends_on.nodes | join(',') }}' as what union all
          {% endfor %}
          select '{{ graph.semantic_models['semantic_model.shop.orders'].measures[0].agg }} {{ graph.saved_queries | length }}' as what
        {% else %} select '' as what {% endif %}`,
    });
    expect(troubles(await project.build())).toEqual([]);
    expect(
      (await project.rows('select what from told order by what')).map(({ what }) => what),
    ).toEqual([
      'amount simple semantic_model.shop.orders',
      'share ratio metric.shop.total,metric.shop.amount',
      'sum 1',
      'total simple semantic_model.shop.orders',
    ]);
  });

  test('is told of what is wrong with it, all together and each with its place', async () => {
    const found = await complaintsOf(`semantic_models:
  - name: no model
    dimensions: [{name: day, type: tiem}, {name: day, type: time}]
  - name: lost
    model: ref('ordres')
    measures: [{name: amount, agg: summ}, {name: middle, agg: percentile, agg_time_dimension: day}]
metrics:
  - {name: bare, type: simple}
  - {name: odd, label: Odd, type: simpel, type_params: {measure: amount}}
  - {name: far, label: Far, type: derived, type_params: {expr: a, metrics: [toal, odd]}}
saved_queries:
  - {name: empty, exports: [{name: e, config: {export_as: file}}]}
`);
    expect(found).toEqual([
      expect.stringMatching(/^models\/s.yml:2:11 .*"no model" needs a name of letters/),
      expect.stringMatching(/2:11 .*two dimensions named "day"/),
      expect.stringMatching(/2:11 .*dimension "day" whose type is "tiem"; did you mean "time"/),
      expect.stringMatching(/2:11 .*has dimensions and neither an entity/),
      expect.stringMatching(/2:11 .*has no model$/),
      expect.stringMatching(/4:11 .*measure "amount" whose agg is "summ"; did you mean "sum"/),
      expect.stringMatching(/4:11 .*measure "amount" and no agg_time_dimension/),
      expect.stringMatching(/4:11 .*measure "middle" without agg_params/),
      expect.stringMatching(/4:11 .*by "day", which is no dimension of time/),
      expect.stringMatching(/4:11 .*ordres/),
      expect.stringMatching(/8:12 .*"bare" has no label/),
      expect.stringMatching(/8:12 .*has no type_params: {measure: …}/),
      expect.stringMatching(/9:12 .*type that is "simpel"; did you mean "simple"/),
      expect.stringMatching(/10:12 far: there is no metric "toal"/),
      expect.stringMatching(/12:12 .*has no query_params/),
      expect.stringMatching(/12:12 .*export_as is "file"/),
    ]);
  });

  test('names twice, rings and metrics that are not there are told', async () => {
    const found = await complaintsOf(`${model}metrics:
  - {name: amount, label: Amount, type: simple, type_params: {measure: amount}}
  - {name: hen, label: Hen, type: derived, type_params: {expr: egg, metrics: [egg]}}
  - {name: egg, label: Egg, type: derived, type_params: {expr: hen, metrics: [hen]}}
exposures:
  - {name: board, type: dashboard, owner: {name: Ada}, depends_on: ["metric('amuont')"]}
`);
    expect(found).toContainEqual(expect.stringContaining('the metric "amount" is written twice'));
    expect(found).toContainEqual(
      expect.stringMatching(/metrics are made of each other: .*hen → egg|egg → hen/),
    );
    expect(found).toContainEqual(
      expect.stringMatching(/:13:\d+ there is no metric "amuont"; did you mean "amount"/),
    );
  });

  test('is switched off by its config, or by the project for a package', async () => {
    const project = await readFiles({
      ...files,
      'dbt_project.yml': 'name: shop\nmetrics: {tools: {+enabled: false}}',
      'models/s.yml': model.replace('measures', 'config: {enabled: false}\n    measures'),
      'dbt_packages/tools/dbt_project.yml': 'name: tools',
      'dbt_packages/tools/models/m.yml':
        'metrics: [{name: off, label: Off, type: simple, type_params: {measure: none}}]',
    });
    expect(project.faults).toEqual([]);
    expect([...project.nodes.keys()]).toEqual(['model.shop.orders']);
  });
});
