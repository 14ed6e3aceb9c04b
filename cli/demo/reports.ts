import { sql } from 'kysely';
import type { Row, Session } from '../../engine/words/warehouse.ts';
import type { Terminal } from '../terminal.ts';
import { formatTable } from '../text-table.ts';

const rowsShown = 12;

async function show(terminal: Terminal, session: Session, heading: string, text: string) {
  const rows = await session.query<Row>(sql.raw(text));
  if (rows.length === 0) return;
  terminal.out(`\n${terminal.style('bold', heading)}`);
  const names = Object.keys(rows[0] ?? {});
  terminal.out(
    formatTable(
      names,
      rows.slice(0, rowsShown).map((row) => names.map((name) => row[name])),
    ),
  );
  if (rows.length > rowsShown) terminal.out(`… and ${rows.length - rowsShown} more`);
}

/** What the second run changed: versions, history rows, every field it sent. */
export async function reportChanges(
  terminal: Terminal,
  session: Session,
  boundary: string,
  runId: string,
): Promise<void> {
  const at = `timestamp '${boundary.replace('T', ' ').replace('Z', '')}'`;
  await show(
    terminal,
    session,
    'Increments: versions that were new, by stream',
    `select connection || '.' || stream as stream, sum(records) as read, sum(inserted) as new_versions
     from tidemill.batches where run_id = '${runId}' group by all having sum(inserted) > 0 order by 1`,
  );
  await show(
    terminal,
    session,
    'History: the rows they made for opportunities',
    `select name, stage, valid_from, valid_to, is_deleted
     from history.opportunity_history
     where opportunity_id in (
       select opportunity_id from history.opportunity_history where recorded_from >= ${at})
     order by name, valid_from`,
  );
  await show(
    terminal,
    session,
    'Plan: some of the fields that were to change, before and after (tidemill.sync_plan)',
    `select sync, action, field, before_crm, after, reason
     from tidemill.sync_plan
     where run_id = '${runId}' and field is not null and action in ('update', 'create', 'associate')
     qualify row_number() over (partition by sync, action order by key, field) <= 4
     order by sync, action, key, field`,
  );
  await show(
    terminal,
    session,
    'Conflicts: both sides had moved, and how that was settled',
    `select sync, field, before_accepted as we_had_written, before_crm as crm_holds, after as written, reason
     from tidemill.sync_plan
     where run_id = '${runId}' and reason ilike '%conflict%' and field is not null
     order by sync, key, field`,
  );
}

export const queriesToTry = [
  'select * from operational.pipeline_by_stage order by amount desc',
  'select name, owner_name, open_amount, open_cases from operational.account_360 order by open_amount desc limit 10',
  'select * from operational.sync_coverage',
] as const;
