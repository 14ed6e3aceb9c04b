import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { materialize } from '../../engine/steps/materialize.ts';
import type { HistoryConfig } from '../../engine/words/node.ts';
import { contextOf, nodeOf, type Workbench } from '../materialize/workbench.ts';
import { type Belief, byPlace, type Version } from './oracle.ts';

export const historyConfig: HistoryConfig = {
  uniqueKey: ['id'],
  validAt: 'valid',
  recordedAt: 'recorded',
  sequence: 'seq',
  deleted: 'gone',
  supersededBy: 'survivor',
  untracked: ['seen'],
  changedBy: 'recorded',
};

export function historyNode(config: Partial<HistoryConfig> = {}, select = 'select * from log') {
  const history = { ...historyConfig, ...config };
  return nodeOf(select, { materialization: 'history', uniqueKey: history.uniqueKey, history });
}

export async function createLog(bench: Workbench): Promise<void> {
  await bench.run(`create table log (
    id varchar, valid integer, recorded integer, seq integer, gone boolean, survivor varchar,
    name varchar, size integer, seen integer)`);
}

export async function appendLog(bench: Workbench, versions: readonly Version[]): Promise<void> {
  if (versions.length === 0) return;
  const rows = versions.map(
    (row) =>
      sql`(${sql.join([
        row.id,
        row.valid,
        row.recorded,
        row.seq,
        row.gone,
        row.survivor,
        row.name,
        row.size,
        row.seen,
      ])})`,
  );
  await bench.warehouse.execute(sql`insert into log values ${sql.join(rows)}`);
}

export function build(bench: Workbench, config: Partial<HistoryConfig> = {}, fullRefresh = false) {
  return materialize(bench.warehouse, historyNode(config), contextOf({ fullRefresh }));
}

export async function readHistory(bench: Workbench): Promise<Belief[]> {
  const rows = (await bench.rows('select * from mart.thing')) as unknown as Belief[];
  return rows.toSorted(byPlace);
}

const macros = new URL('../../engine/declare/macros/history.sql', import.meta.url);

/** A call of one of the macros of histories, rendered. */
export async function renderMacro(call: string): Promise<string> {
  const text = `${await readFile(macros, 'utf8')}${call}`;
  return renderTemplate(parseTemplate(text, { file: 'history.sql' }));
}
