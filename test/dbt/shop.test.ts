import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { dbtProjectIn, troubles } from './dbt-project.ts';

const example = fileURLToPath(new URL('../../examples/dbt-shop', import.meta.url));

test('the example builds, follows its seeds, and ends as a full refresh would', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbt-shop-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(example, folder, {
    recursive: true,
    filter: (path) => !/warehouse\.duckdb|\.tidemill/.test(path),
  });
  const shop = dbtProjectIn(folder);
  const edit = (file: string, from: string, to: string) => {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  // Two tests are there to warn.
  const isMeant = (trouble: string) => /few_have_many_points|most_have_one_order/.test(trouble);
  const first = troubles(await shop.build());
  expect(first.filter(isMeant)).toHaveLength(2);
  expect(first.filter((trouble) => !isMeant(trouble))).toEqual([]);
  expect(await shop.rows('select * from main.customers order by customer_id')).toEqual([
    { customer_id: 1, customer_name: 'Ada', orders: 2, paid_amount: '17.50' },
    { customer_id: 2, customer_name: 'Grace', orders: 1, paid_amount: '0.00' },
    { customer_id: 3, customer_name: 'Edsger', orders: 1, paid_amount: '99.00' },
  ]);
  expect(
    await shop.rows('select count(*) as days, sum(orders) as orders from main.orders_by_day'),
  ).toEqual([{ days: 7, orders: 4 }]);
  expect(await shop.rows('select count(*) as days from main_tools.calendar')).toEqual([
    { days: 7 },
  ]);
  const again = await shop.build();
  const built = again.steps.filter(({ kind, status }) => kind !== 'check' && status !== 'reused');
  // What reads a table others may write, or asks the warehouse, is built every time.
  expect(built.map(({ id }) => id.replace('model.dbt_shop.', '')).sort()).toEqual([
    'event_log',
    'events',
    'events_by_month',
    'macro_answers',
    'orders_by_status',
  ]);

  edit(
    'seeds/raw_orders.csv',
    '13,3,paid,2026-01-05',
    '13,3,returned,2026-01-05\n14,2,paid,2026-01-06',
  );
  edit('seeds/raw_payments.csv', '103,13,transfer,9900', '103,13,transfer,9900\n104,14,card,500');
  edit('seeds/raw_customers.csv', '1,Ada,London,2026-01-01', '1,Ada,Paris,2026-01-04');
  edit('seeds/raw_customers.csv', '3,Edsger,Rotterdam,2026-01-01\n', '');
  // A customer who is gone has orders still: the test that says so does not hold.
  const orphaned = await shop.build();
  expect(troubles(orphaned).filter((trouble) => !isMeant(trouble))).toEqual([
    expect.stringMatching(/^test\.dbt_shop\.relationships_orders/),
    expect.stringMatching(/^test\.dbt_shop\.dbt_shop_has_no_more_rows_than/),
  ]);
  const orders = await shop.rows('select * from main.orders order by order_id');
  expect(orders).toHaveLength(5);
  expect(orders[3]).toMatchObject({ order_id: 13, status: 'returned', is_paid: false });
  expect(
    await shop.rows(
      'select customer_id, city, dbt_is_deleted as gone from main_history.customer_history order by all',
    ),
  ).toEqual([
    { customer_id: 1, city: 'London', gone: 'False' },
    { customer_id: 1, city: 'Paris', gone: 'False' },
    { customer_id: 2, city: 'New York', gone: 'False' },
    { customer_id: 3, city: 'Rotterdam', gone: 'False' },
    { customer_id: 3, city: 'Rotterdam', gone: 'True' },
  ]);
  expect(
    await shop.rows(
      'select order_id, status from main_history.order_history where dbt_valid_to is not null',
    ),
  ).toEqual([{ order_id: 13, status: 'paid' }]);
  await shop.build({ fullRefresh: true });
  expect(await shop.rows('select * from main.orders order by order_id')).toEqual(orders);
  expect(await shop.rows('select count(*) as n from main_history.customer_history')).toEqual([
    { n: 5 },
  ]);
});
