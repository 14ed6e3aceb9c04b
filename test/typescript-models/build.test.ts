import { expect, test } from 'vitest';
import { dbtFolder, troubles } from '../dbt/dbt-project.ts';

const types = `
import { defineModel, ref } from 'tidemill';

export const echo = defineModel({
  inputs: {
    all: ref('values', {
      id: 'bigint not null', small: 'integer', yes: 'boolean', half: 'double', money: 'decimal(18,4)',
      label: 'varchar', day: 'date', clock: 'time', at: 'timestamp', doc: 'json',
    }),
  },
  columns: {
    id: 'bigint not null', small: 'integer', yes: 'boolean', half: 'double', money: 'decimal(18,4)',
    label: 'varchar', day: 'date', clock: 'time', at: 'timestamp', doc: 'json',
  },
  key: ['id'],
  async *run({ all }) {
    for await (const batch of all) yield [...batch];
  },
});
`;

test('values of every type come back as they went in, to the last digit', async () => {
  const values = `
    select 9223372036854775807::bigint as id, (-2147483648)::integer as small, true as yes,
      0.1::double + 0.2 as half, 12345678901234.5678::decimal(18,4) as money,
      'Zoë "1", \\\\n' || chr(10) || chr(9) || chr(0) || '🌊' as label, date '2024-02-29' as day, time '23:59:59.123456' as clock,
      timestamp '2026-01-02 03:04:05.678901' as at, '{"big": 12345678901234567890, "a": [1.10]}'::json as doc
    union all select 2, 7, false, 'nan'::double, -0.0001, '', date '0001-01-01', time '00:00:00',
      timestamp '1969-12-31 23:59:59.999999', 'null'::json
    union all select 3, null, null, null, null, null, null, null, null, null
    union all select 4, 1, true, '-inf'::double, 0, 'x', date '9999-12-31', time '12:00:00.5',
      timestamp '9999-12-31 23:59:59.999999', '"s"'::json`;
  const project = dbtFolder({
    'models/values.sql': `{{ config(materialized='table') }}${values}`,
    'models/echo.ts': types,
  });
  expect(troubles(await project.build())).toEqual([]);
  const differing = await project.rows(
    '(from main.values except all from main.echo) union all (from main.echo except all from main.values)',
  );
  expect(differing).toEqual([]);
  expect(await project.rows('select count(*) as n from main.echo')).toEqual([{ n: 4 }]);
  const again = await project.build();
  expect(again.steps.map(({ status }) => status)).toEqual(['reused', 'reused']);
});
