import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { listPublicPackages, type PublicPackage } from './public-packages.ts';
import type { Python } from './python.ts';
import { compareCompiled } from './twin-compiled.ts';
import { layTwins, type Outcome, type Peer, type PeerRun } from './twin-project.ts';
import { compareWarehouses } from './twin-tables.ts';
import { describeWithDbt } from './with-dbt.ts';

const clones = process.env['PEERS_PACKAGES'];

function build(peer: Peer, { seedsFirst }: PublicPackage): PeerRun {
  if (!seedsFirst) return peer.run('build');
  const seeds = peer.run('build', ['--select', 'resource_type:seed']);
  const rest = peer.run('build', ['--exclude', 'resource_type:seed']);
  return { ...rest, nodes: new Map([...seeds.nodes, ...rest.nodes]) };
}

function countsOf({ nodes }: PeerRun): string {
  const count = (...of: Outcome[]): number =>
    [...nodes.values()].filter(({ outcome }) => of.includes(outcome)).length;
  return `${nodes.size} nodes: ${count('ok', 'warn')} ok, ${count('fail')} failed, ${count('skip')} skipped`;
}

/** What dbt built and Tidemill did not, other than rows that their own test withheld. */
function worseOf(dbt: PeerRun, tidemill: PeerRun): string[] {
  return [...dbt.nodes].flatMap(([id, { outcome }]) => {
    const ours = tidemill.nodes.get(id);
    const isWorse = outcome === 'ok' && ours?.outcome === 'fail';
    const isWithheld = ours?.message.includes('nothing was published') ?? false;
    return isWorse && !isWithheld ? [`${id}: ${ours?.message.slice(0, 300)}`] : [];
  });
}

async function comparePackage(one: PublicPackage, python: Python): Promise<void> {
  using twins = layTwins(one.repository, { ...one.options, python });
  const dbt = build(twins.dbt, one);
  expect(dbt.nodes.size, dbt.printed).toBeGreaterThan(0);
  const tidemill = build(twins.tidemill, one);
  const compiled = compareCompiled(twins);
  const tables = await compareWarehouses(twins.dbt.warehouse, twins.tidemill.warehouse);
  const lines = [
    `peers: ${one.name}`,
    `  dbt      ${countsOf(dbt)}`,
    `  Tidemill ${countsOf(tidemill)}`,
    `  ${tables.compared.length} relations compared, ${tables.differences.length} differences`,
    ...tables.differences.map((table) =>
      `    ${table.relation}: ${table.difference}`.slice(0, 200),
    ),
    `  ${compiled.compared} compiled texts compared, ${compiled.differences.length} differences`,
    ...compiled.differences.map(({ id, at }) => `    ${id} ${at}`),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  expect(worseOf(dbt, tidemill)).toEqual([]);
}

describeWithDbt('public packages', (python) => {
  if (!clones) test.skip('PEERS_PACKAGES names no folder of their clones');
  for (const one of clones ? listPublicPackages(clones) : []) {
    test.skipIf(!existsSync(one.repository))(`${one.name} builds as far as dbt builds it`, () =>
      comparePackage(one, python),
    );
  }
});
