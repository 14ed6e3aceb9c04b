import { existsSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { ModelProjectOptions } from '../../engine/declare/project-shape.ts';
import {
  createKeptProject,
  describeProject,
  fixedSeconds,
  type KeptProject,
  laterMs,
  passTick,
} from './kept-project.ts';

/** A project in which nothing is wrong. */
export const files = {
  'dbt_project.yml': `
name: shop
version: '1.0'
vars: {status: open, greeting: "{{ target.name }}"}
models:
  shop:
    +materialized: view
    marts: {+materialized: table, +tags: [daily]}
`,
  'models/orders.sql': `select 1 as id, '{{ var("status") }}' as status, {{ cents('5') }} as amount`,
  'models/marts/totals.sql': `{{ config(tags=['big']) }}
select {{ twice('amount') }} as amount from {{ ref('orders') }}`,
  'models/marts/recent.sql': `{{ config(materialized='incremental', unique_key='id') }}
select * from {{ ref('parts') }} {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}`,
  'models/parts.sql': `{{ config(materialized='ephemeral') }} select id, '{{ env_var("REGION", "none") }}' as region from {{ source('raw', 'parts') }}`,
  'models/here/side.sql': `{{ config(enabled=(target.type == 'duckdb')) }} select 1 as side`,
  'models/there/side.sql': `{{ config(enabled=(target.type == 'bigquery')) }} select 2 as side`,
  'models/schema.yml': `
sources:
  - name: raw
    tables: [{name: parts}]
models:
  - name: orders
    description: Every order.
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - name: status
        data_tests:
          - accepted_values: {arguments: {values: ["{{ var('status') }}", closed]}}
          - positive: {arguments: {than: "{{ cents('1') }}"}}
`,
  'analyses/looked.sql': `select {{ cents('1') }} as c from {{ ref('orders') }} join {{ ref('parts') }} using (id)`,
  'analyses/looked.yml': `analyses: [{name: looked, description: A look at it.}]`,
  'macros/money.sql': `{% macro cents(column) %}({{ column }} / 100){% endmacro %}
{% macro twice(column) %}(2 * {{ cents(column) }}){% endmacro %}`,
  'macros/tests.sql': `{% test positive(model, column_name, than) %}
select * from {{ model }} where {{ column_name }} <= {{ than }}
{% endtest %}`,
  'tests/no_orders.sql': `select * from {{ ref('orders') }} where id is null`,
  'snapshots/kept.sql': `{% snapshot kept_orders %}{{ config(unique_key='id', strategy='check', check_cols='all') }}
select * from {{ ref('orders') }}{% endsnapshot %}
{% snapshot kept_totals %}{{ config(unique_key='amount', strategy='check', check_cols='all') }}
select * from {{ ref('totals') }}{% endsnapshot %}`,
  'dbt_packages/tools/dbt_project.yml': `name: tools\nversion: '1.0'`,
  'dbt_packages/tools/macros/tool.sql': `{% macro tool() %}{{ cents('7') }}{% endmacro %}`,
  'dbt_packages/tools/models/tooled.sql': `select {{ tool() }} as tooled`,
};

/** One change of the folder, or of what is said from outside. */
export interface Change {
  readonly what: string;
  readonly options?: Partial<ModelProjectOptions>;
  make(kept: KeptProject): void;
}

export const write = (file: string, text: string): Change => ({
  what: `write ${file}: ${text.slice(0, 40)}`,
  make: (kept) => kept.write(file, text),
});
export const remove = (file: string): Change => ({
  what: `remove ${file}`,
  make: (kept) => kept.remove(file),
});
export const rename = (from: string, to: string): Change => ({
  what: `rename ${from} to ${to}`,
  make: ({ root }) => {
    try {
      renameSync(join(root, from), join(root, to));
    } catch {
      // It went with an earlier change.
    }
  },
});
/** Another text of the same length whose time is put back. */
export const forge = (file: string, from: string, to: string): Change => ({
  what: `forge ${file}`,
  make: ({ root }) => {
    const path = join(root, file);
    try {
      writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
      utimesSync(path, fixedSeconds, fixedSeconds);
    } catch {
      // It went with an earlier change.
    }
  },
});
export const say = (what: string, options: Partial<ModelProjectOptions>): Change => ({
  what,
  options,
  make: () => {},
});

/** In the text as it is now; nothing where it is not there. */
export const edit = (file: string, from: string, to: string): Change => ({
  what: `in ${file}: ${from} → ${to}`,
  make: (kept) => {
    const path = join(kept.root, file);
    if (existsSync(path)) kept.write(file, readFileSync(path, 'utf8').replace(from, to));
  },
});

export type Steps = readonly (readonly [Change, boolean])[];

export async function readStepByStep(steps: Steps): Promise<void> {
  using kept = createKeptProject(files);
  await kept.readWarm({}, laterMs);
  let said: Partial<ModelProjectOptions> = {};
  for (const [change, isLater] of steps) {
    // With stamps that are trusted, a change comes in another tick than the reading.
    passTick(kept.root);
    change.make(kept);
    said = { ...said, ...change.options };
    const warm = await kept.readWarm(said, isLater ? laterMs : 0);
    const cold = await kept.readCold(said);
    expect(await describeProject(warm.project), change.what).toEqual(await describeProject(cold));
  }
}

export const stepsOf = (list: readonly Change[], isLater: fc.Arbitrary<boolean>) =>
  fc.array(fc.tuple(fc.constantFrom(...list), isLater), { minLength: 1, maxLength: 6 });
