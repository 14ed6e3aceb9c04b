import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareCompiled } from './twin-compiled.ts';
import { layTwins, type Peer, type PeerRun, type TwinProject } from './twin-project.ts';
import { type CompareOptions, compareWarehouses } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

const example = fileURLToPath(new URL('../../examples/dbt-shop', import.meta.url));

/** What a snapshot writes of the time it ran at, and the ids it makes of that. */
const snapshotTimes = ['dbt_updated_at', 'dbt_valid_from', 'dbt_valid_to', 'dbt_scd_id'];
const options: CompareOptions = {
  // dbt-duckdb leaves them behind after a full refresh.
  ignored: /__dbt_backup$/,
  runTimes: {
    'main_history.order_history': snapshotTimes,
    'main_history.tier_history': snapshotTimes,
    // Of a record that has gone both write the time they saw it; else they have the record's own.
    'main_history.customer_history': snapshotTimes,
  },
};

/** Hooks of a run and exposures: dbt counts them among the nodes, and they have no outcome here. */
const uncounted = /^(operation|exposure)\./;

function outcomesOf({ nodes }: PeerRun): Record<string, string> {
  const counted = [...nodes].filter(([id]) => !uncounted.test(id));
  const outcome = counted.map(([id, { outcome, failures }]) => [
    id,
    `${outcome} ${failures ?? ''}`,
  ]);
  return Object.fromEntries(
    outcome.toSorted(([left], [right]) => (`${left}` < `${right}` ? -1 : 1)),
  );
}

function freshnessOf({ project }: Peer): unknown {
  const path = join(project, 'target', 'sources.json');
  if (!existsSync(path)) return 'no sources.json';
  const { results } = JSON.parse(readFileSync(path, 'utf8')) as {
    results: { unique_id: string; status: string; max_loaded_at: string }[];
  };
  return results.map(({ unique_id, status, max_loaded_at: at }) => [
    unique_id,
    status,
    new Date(at).toISOString(),
  ]);
}

describeWithDbt('dbt-shop', (python) => {
  let twins: TwinProject;
  const wall: string[] = [];
  beforeAll(() => {
    twins = layTwins(example, {
      python,
      profile: 'dbt_shop',
      links: { loyalty: 'packages/loyalty' },
    });
  });
  afterAll(() => {
    process.stdout.write(`peers: dbt-shop, seconds of wall clock\n${wall.join('\n')}\n`);
    twins?.[Symbol.dispose]();
  });

  /** The same command on both: the same outcomes, and then the same rows. */
  async function expectSame(what: string, command: string, args: readonly string[] = []) {
    const theirs = twins.dbt.run(command, args);
    const ours = twins.tidemill.run(command, args);
    const [slow, fast] = [theirs, ours].map(({ wallMs }) => (wallMs / 1_000).toFixed(1));
    wall.push(`  ${what}: dbt ${slow}, Tidemill ${fast}`);
    expect(theirs.nodes.size, theirs.printed).toBeGreaterThan(0);
    const [wanted, had] = [outcomesOf(theirs), outcomesOf(ours)];
    // A test of a table that did not change is not run again: it held, or warned, before.
    const isReused = ([id]: [string, string]): boolean =>
      /^(unit_)?test\./.test(id) && !(id in had);
    const reused = command === 'build' ? Object.entries(wanted).filter(isReused) : [];
    expect(reused.filter(([, outcome]) => !/^(ok|warn)/.test(outcome))).toEqual([]);
    expect({ ...Object.fromEntries(reused), ...had }, ours.printed).toEqual(wanted);
    const { differences, compared } = await compareWarehouses(
      twins.dbt.warehouse,
      twins.tidemill.warehouse,
      options,
    );
    expect(differences).toEqual([]);
    expect(compared.length).toBeGreaterThanOrEqual(27);
  }

  function edit(file: string, from: string, to: string): void {
    twins.edit((project) => {
      const path = join(project, file);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
    });
  }

  test('built for the first time, every table, test and count is dbt’s', async () => {
    await expectSame('first build', 'build');
  });

  test('a source’s freshness is dbt’s', () => {
    twins.dbt.run('source freshness');
    twins.tidemill.run('source freshness');
    const theirs = freshnessOf(twins.dbt);
    expect(theirs).toHaveLength(1);
    expect(freshnessOf(twins.tidemill)).toEqual(theirs);
  });

  test('the SQL of every node is dbt’s, letter for letter', () => {
    for (const peer of [twins.dbt, twins.tidemill]) peer.run('compile');
    const { compared, differences } = compareCompiled(twins);
    // Its spine of days is written in our own way: the rows are dbt's.
    const others = differences.filter(({ id }) => id !== 'model.shop_tools.calendar');
    expect(others).toEqual([]);
    expect(compared).toBeGreaterThan(25);
  });

  test('after changes, increments, snapshots and microbatches add what dbt’s add', async () => {
    edit(
      'seeds/raw_orders.csv',
      '13,3,paid,2026-01-05',
      '13,3,returned,2026-01-05\n14,2,paid,2026-01-06',
    );
    edit('seeds/raw_payments.csv', '103,13,transfer,9900', '103,13,transfer,9900\n104,14,card,500');
    edit(
      'seeds/raw_customers.csv',
      '1,Ada,London,2026-01-01',
      '4,Barbara,Boston,2026-01-03\n1,Ada,Paris,2026-01-04',
    );
    edit(
      'seeds/raw_events.csv',
      '5,13,placed,2026-03-05 12:00:00',
      '5,13,placed,2026-03-05 12:00:00\n6,14,shipped,2026-03-06 12:00:00',
    );
    await expectSame('second build', 'build');
  });

  test('after a second round, with a column more and a record gone, too', async () => {
    edit('seeds/raw_customers.csv', '4,Barbara,Boston,2026-01-03\n', '');
    await expectSame('third build', 'build', ['--vars', '{with_amount: true}']);
  });

  test('built whole again, too', async () => {
    await expectSame('full refresh', 'build', ['--full-refresh', '--vars', '{with_amount: true}']);
  });

  test('tests alone answer what dbt’s answer', async () => {
    await expectSame('tests', 'test');
  });
});
