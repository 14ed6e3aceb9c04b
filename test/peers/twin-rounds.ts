import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layFiles } from './odd-project.ts';
import type { PeerRun, TwinProject } from './twin-project.ts';
import { compareWarehouses } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

/** One change of the inputs, and a build by both after it. */
export interface Round {
  readonly what: string;
  /** What happens to both warehouses first. */
  readonly statements: readonly string[];
  readonly args?: readonly string[];
}

export interface RoundsOf {
  readonly what: string;
  readonly project: string;
  readonly files: Readonly<Record<string, string>>;
  /** How many relations both make or are given. */
  readonly relations: number;
  readonly rounds: readonly Round[];
}

async function execute(file: string, statements: readonly string[]): Promise<void> {
  const instance = await DuckDBInstance.create(file);
  const connection = await instance.connect();
  try {
    for (const statement of statements) await connection.run(statement);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const outcomesOf = ({ nodes }: PeerRun): Record<string, string> =>
  Object.fromEntries([...nodes].map(([id, { outcome }]) => [id, outcome]));

/** Declares a test a round: dbt and Tidemill come to the same outcomes and the same rows. */
export function testRounds({ what, project, files, relations, rounds }: RoundsOf): void {
  describeWithDbt(what, (python) => {
    let twins: TwinProject;
    beforeAll(() => {
      twins = layFiles(python, { name: project, files });
    });
    afterAll(() => twins?.[Symbol.dispose]());

    for (const round of rounds) {
      test(`of ${round.what} make the rows of dbt’s`, async () => {
        const runs: PeerRun[] = [];
        for (const peer of [twins.dbt, twins.tidemill]) {
          if (round.statements.length > 0) await execute(peer.warehouse, round.statements);
          runs.push(peer.run('build', round.args));
        }
        const [theirs, ours] = runs;
        if (!theirs || !ours) throw new Error('both were run');
        expect(outcomesOf(ours), ours.printed).toEqual(outcomesOf(theirs));
        const { differences, compared } = await compareWarehouses(
          twins.dbt.warehouse,
          twins.tidemill.warehouse,
          { ignored: /__dbt_/ },
        );
        expect(differences).toEqual([]);
        expect(compared).toHaveLength(relations);
      });
    }
  });
}
