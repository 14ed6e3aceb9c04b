import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How large a generated dbt project is. */
export interface GeneratedSize {
  readonly models: number;
  /** Spread over the models, at least two each where there are enough. */
  readonly tests: number;
  readonly macros: number;
}

/** The size that the targets of parsing are stated for. */
export const largeProject: GeneratedSize = { models: 2_000, tests: 4_000, macros: 200 };

const modelsPerFolder = 20;
const macrosPerFile = 10;
const columns = ['id', 'name', 'email', 'stage', 'amount', 'owner_id', 'created_at', 'updated_at'];

const nameOf = (index: number): string => `model_${String(index).padStart(4, '0')}`;
const folderOf = (index: number): string =>
  `area_${String(Math.floor(index / modelsPerFolder)).padStart(3, '0')}`;

/** The file of one model, relative to the project: for editing it. */
export function modelFile(index: number): string {
  return join('models', folderOf(index), `${nameOf(index)}.sql`);
}

/** The file of what YAML says of a model and its neighbours. */
export function propertiesFile(index: number): string {
  return join('models', folderOf(index), 'schema.yml');
}

/** The file of a macro and its neighbours. */
export function macroFile(index: number): string {
  return join('macros', `macros_${Math.floor(index / macrosPerFile)}.sql`);
}

/** Writes a dbt project of models as people write them: configs, loops, macros, refs, tests. */
export function writeGeneratedProject(folder: string, size: GeneratedSize): void {
  const write = (file: string, text: string): void => {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  write(
    'dbt_project.yml',
    `name: generated
version: '1.0.0'
config-version: 2
vars: {closed_stage: closed, batch_days: 3}
models:
  generated:
    +materialized: table
    +tags: [generated]
`,
  );
  const macroFiles = Math.ceil(size.macros / macrosPerFile);
  for (let file = 0; file < macroFiles; file += 1) {
    const first = file * macrosPerFile;
    const count = Math.min(macrosPerFile, size.macros - first);
    const texts = Array.from({ length: count }, (_, at) => macroText(first + at));
    write(macroFile(first), texts.join('\n\n'));
  }
  for (let index = 0; index < size.models; index += 1) {
    write(modelFile(index), modelText(index, size));
  }
  for (let first = 0; first < size.models; first += modelsPerFolder) {
    const folderText = yamlText(first, Math.min(size.models, first + modelsPerFolder), size);
    write(propertiesFile(first), folderText);
  }
}

/** Every fourth macro calls the one before it. */
function macroText(index: number): string {
  const before = index % 4 === 3 ? `{{ macro_${index - 1}(column, scale) }}` : '{{ column }}';
  return `{% macro macro_${index}(column, scale=2) -%}
{#- Rounds what it is given, ${index} times over. -#}
{%- if scale > 0 -%}
round(cast(${before} as double) / 100.0, {{ scale }})
{%- else -%}
cast(${before} as bigint)
{%- endif -%}
{%- endmacro %}`;
}

function modelText(index: number, { macros }: GeneratedSize): string {
  const parents = parentsOf(index);
  const isIncremental = index % 10 === 9;
  const config = isIncremental
    ? `materialized='incremental', unique_key='id', tags=['area']`
    : index % 3 === 0
      ? `materialized='view'`
      : `tags=['area']`;
  const [first, ...others] = parents;
  const from =
    first === undefined
      ? `select
        range as id, 'name' || range as name, 'e' || range as email, 'open' as stage,
        range * 1.5 as amount, range % 7 as owner_id,
        timestamp '2026-01-01' as created_at, timestamp '2026-01-02' as updated_at
    from range(3)`
      : `select * from {{ ref('${nameOf(first)}') }}`;
  const macro = (at: number): number => (macros === 0 ? 0 : (index * 7 + at * 13) % macros);
  const amount = macros === 0 ? 'amount' : `{{ macro_${macro(0)}('amount') }}`;
  const scaled = macros === 0 ? 'amount' : `{{ macro_${macro(1)}('amount', scale=0) }}`;
  const joins = others
    .map(
      (parent, at) =>
        `left join (select id as other_id from {{ ref('${nameOf(parent)}') }}) as o${at}\n` +
        `    on o${at}.other_id = base.id`,
    )
    .join('\n');
  return `{{ config(${config}) }}
{%- set texts = ['name', 'email', 'stage'] -%}

with base as (
    ${from}
),

renamed as (
    select
        id,
        {%- for text in texts %}
        cast({{ text }} as varchar) as {{ text | lower }},
        {%- endfor %}
        ${amount} as amount,
        ${scaled} as amount_scaled,
        owner_id,
        created_at,
        updated_at
    from base
    ${joins}
    where stage is distinct from '{{ var("closed_stage", "closed") }}'
    {% if is_incremental() %}
    and updated_at > (select max(updated_at) from {{ this }})
    {% endif %}
)

-- Model ${index} of the generated project{% if target.name == 'prod' %}, in production{% endif %}.
select id, name, email, stage, amount, owner_id, created_at, updated_at from renamed
`;
}

/** Up to three models in the folders before; the first folder's are roots. */
function parentsOf(index: number): readonly number[] {
  const level = Math.floor(index / modelsPerFolder);
  if (level === 0) return [];
  const found = new Set<number>();
  for (let at = 0; at <= index % 3; at += 1) {
    const back = ((index * 31 + at * 17) % Math.min(level, 5)) + 1;
    found.add((level - back) * modelsPerFolder + ((index * 13 + at * 5) % modelsPerFolder));
  }
  return [...found];
}

function yamlText(first: number, end: number, size: GeneratedSize): string {
  const lines = ['version: 2', 'models:'];
  for (let index = first; index < end; index += 1) {
    lines.push(`  - name: ${nameOf(index)}`, `    description: Number ${index} of many.`);
    lines.push('    columns:');
    // Tests first come first: the rest of an uneven number goes to the first models.
    const tests = Math.floor(size.tests / size.models) + (index < size.tests % size.models ? 1 : 0);
    for (const [at, column] of columns.entries()) {
      lines.push(`      - name: ${column}`, `        description: The ${column} of a record.`);
      const written = testsOf(index, at).slice(0, Math.max(0, tests - testsBefore(at)));
      if (written.length > 0) lines.push('        data_tests:', ...written);
    }
  }
  return `${lines.join('\n')}\n`;
}

const testsBefore = (column: number): number => (column === 0 ? 0 : column + 1);

/** The first column has two tests, every other one. */
function testsOf(index: number, column: number): string[] {
  if (column > 0) return ['          - not_null'];
  const [parent] = parentsOf(index);
  return [
    '          - unique',
    index % 4 === 0 && parent !== undefined
      ? `          - relationships: {arguments: {to: ref('${nameOf(parent)}'), field: id}}`
      : '          - not_null',
  ];
}
