import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { type OpenedProject, openProject } from '../../cli/open-project.ts';
import { planProject, type RunOptions, runProject } from '../../cli/work.ts';
import { type Clock, systemClock } from '../../engine/words/clock.ts';
import type { Step } from '../../engine/words/step.ts';
import type { Row, Warehouse } from '../../engine/words/warehouse.ts';
import { writeFolder } from '../models/project-folder.ts';
import { delayWarehouse } from './delayed-warehouse.ts';
import { everyKind, manyFirst, seedsOf } from './every-kind.ts';

const kinds: ReadonlySet<Step['kind']> = new Set(['materialize', 'history', 'check']);
const copies = 2;
const rounds = 2;
const threads = 8;
const seeds = Number(process.env['CHAOS_SEEDS'] ?? 1);
const firstSeed = Number(process.env['CHAOS_SEED'] ?? 1);

interface Site {
  /** Builds all that is due; steps that did not end well, with their messages. */
  build(manner: Manner): Promise<string[]>;
  /** What stands: see `Standing`. */
  look(): Promise<Standing>;
  write(files: Readonly<Record<string, string>>): void;
}

interface Manner extends RunOptions {
  /** Of the delays; absent: there are none. */
  readonly seed?: number;
  /** Calls of the warehouse fail at times, once the first step has begun. */
  readonly isFailing?: boolean;
  /** At the moment of the build before. */
  readonly isAgain?: boolean;
}

interface Standing {
  /** Rows of each relation outside of the engine's own schema. */
  readonly tables: Readonly<Record<string, unknown>>;
  /** The engine's own tables. */
  readonly own: readonly string[];
  /** Nodes with the number of their rows of state. */
  readonly states: readonly string[];
  /** Steps that a plan says are due, and why. */
  readonly due: readonly string[];
}

function settle(files: Readonly<Record<string, string>>): Site {
  const folder = writeFolder(files);
  let nowMs = Date.UTC(2026, 0, 1);
  const clock: Clock = { now: () => nowMs, sleep: systemClock.sleep };
  const open = () => openProject({ folder, env: { HOME: folder }, clock });
  return {
    async build({ seed, isFailing = false, isAgain = false, ...options }) {
      if (!isAgain) nowMs += 86_400_000;
      using opened = open();
      let hasBegun = false;
      const delays = seed !== undefined && { seed, isFailing: () => isFailing && hasBegun };
      const delayed: OpenedProject = {
        ...opened,
        openWarehouse: async (choice) => {
          const warehouse = await opened.openWarehouse(choice);
          return delays ? delayWarehouse(warehouse, delays) : warehouse;
        },
      };
      const onStart = () => {
        hasBegun = true;
      };
      const { steps } = await runProject(delayed, { kinds, threads, onStart, ...options });
      return steps
        .filter(({ status }) => !['success', 'warn', 'reused'].includes(status))
        .map(({ id, message }) => `${id}: ${message}`);
    },
    async look() {
      using opened = open();
      const { steps } = await planProject(opened, { kinds });
      const due = steps.flatMap((step) =>
        'decision' in step && step.decision.action === 'run'
          ? [`${step.id}: ${step.decision.reasons.join('; ')}`]
          : [],
      );
      await using warehouse = await opened.openWarehouse({ readOnly: true });
      const list = async (text: string) =>
        (await warehouse.query<{ name: string }>(sql.raw(text))).map(({ name }) => name);
      const own = await list(`select table_name as name from information_schema.tables
        where table_schema = 'tidemill' order by 1`);
      const states = await list(`select node_id || ' ' || count(*) as name from tidemill.nodes
        group by node_id, relation order by 1`);
      return { tables: await readTables(warehouse), own, states, due };
    },
    write: (more) => {
      for (const [path, text] of Object.entries(more)) writeFileSync(join(folder, path), text);
    },
  };
}

async function readTables(warehouse: Warehouse): Promise<Record<string, readonly Row[]>> {
  const relations = await warehouse.query<{ name: string }>(sql`
    select lower(table_schema) || '.' || table_name as name from information_schema.tables
    where table_schema <> 'tidemill' order by 1`);
  const tables: Record<string, readonly Row[]> = {};
  for (const { name } of relations) {
    // The ids that an identity gives are random.
    const given = /\.who_\d(_|$)/.test(name);
    const select = given ? 'count(*) as rows' : '*';
    tables[name] = await warehouse.query(sql.raw(`select ${select} from ${name} order by all`));
  }
  return tables;
}

/** What hooks write is written again with a node that is built again. */
function withoutHooks({ tables, ...rest }: Standing) {
  const { 'main.heard': _, 'main.started': _started, ...others } = tables;
  return { ...rest, tables: others };
}

/** Builds round by round, in a folder of its own; answers what stands after each. */
async function buildRounds(manner: Manner): Promise<Standing[]> {
  const site = settle(everyKind(copies));
  const standings: Standing[] = [];
  for (let round = 0; round < rounds; round += 1) {
    site.write(seedsOf(copies, round));
    const delays = manner.seed === undefined ? {} : { seed: manner.seed + round };
    if (manner.isFailing) {
      const failed = await site.build({ ...manner, ...delays }).catch((error: unknown) => [error]);
      expect(failed).not.toEqual([]);
    }
    const last = manner.isFailing ? { isFailing: false, isAgain: true } : {};
    expect(await site.build({ ...manner, ...delays, ...last })).toEqual([]);
    standings.push(await site.look());
  }
  return standings;
}

describe('built side by side, with others let in between each look and deed', () => {
  const chosen = Array.from({ length: seeds }, (_, index) => (firstSeed + index) * 1_000);

  test('nodes of every kind stand as when built one after another, also after a run in which some failed', {
    timeout: 240_000 * seeds,
  }, async () => {
    const alone = await buildRounds({ threads: 1 });
    expect(alone.map(({ due }) => due)).toEqual([[], []]);
    for (const seed of chosen) {
      expect(await buildRounds({ seed }), `CHAOS_SEED=${seed}`).toEqual(alone);
      const mended = await buildRounds({ seed, isFailing: true });
      expect(mended.map(withoutHooks), `CHAOS_SEED=${seed}`).toEqual(alone.map(withoutHooks));
    }
  });

  test('the first nodes of a first run are each remembered once', {
    timeout: 240_000 * seeds,
  }, async () => {
    const files = manyFirst(6);
    const alone = settle(files);
    expect(await alone.build({ threads: 1 })).toEqual([]);
    const expected = await alone.look();
    expect(expected.due).toEqual([]);
    for (const seed of chosen.flatMap((first) => [0, 1, 2, 3].map((more) => first + more))) {
      const site = settle(files);
      expect(await site.build({ seed }), `CHAOS_SEED=${seed}`).toEqual([]);
      expect(await site.look(), `CHAOS_SEED=${seed}`).toEqual(expected);
    }
  });

  test('two runs of one process on one project take turns, and on two do not meet', {
    timeout: 120_000,
  }, async () => {
    const [seed = 1] = chosen;
    const waitMaxMs = 60_000;
    const [here, elsewhere] = [settle(manyFirst(3)), settle(manyFirst(3))];
    const waits: string[] = [];
    const again = { waitMaxMs, onWait: (who: string) => waits.push(who) };
    const told = await Promise.all([
      here.build({ seed, ...again }),
      here.build({ seed: seed + 1, ...again }),
      elsewhere.build({ seed: seed + 2 }),
    ]);
    expect(told).toEqual([[], [], []]);
    expect(waits).toHaveLength(1);
    const standing = await here.look();
    expect(standing.due).toEqual([]);
    expect(await elsewhere.look()).toEqual(standing);
  });
});
