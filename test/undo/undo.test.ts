import { describe, expect, test } from 'vitest';
import { type CommandLab, openCommandLab } from '../serve/command.ts';

interface Shown {
  readonly syncs: readonly {
    readonly restored: number;
    readonly editedSince: number;
    readonly rows: readonly {
      record: string;
      action: string;
      written: string;
      back_to: string | null;
    }[];
  }[];
}

/** Every contact's title as the CRM holds it now. */
function readTitles(lab: CommandLab): Map<string, unknown> {
  return new Map(
    [...lab.sandboxes.salesforce.rows('Contact')].map((row) => [
      String(row['Id']),
      row['Title'] ?? null,
    ]),
  );
}

async function runOnce(lab: CommandLab): Promise<string> {
  const { code, stdout, stderr } = await lab.run('run', '--json');
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as { runId: string }).runId;
}

describe('undo', () => {
  test('shows what it would do, does it with --yes, and leaves later edits alone', async () => {
    const lab = await openCommandLab();
    const before = readTitles(lab);
    const runId = await runOnce(lab);
    const written = readTitles(lab);
    const changed = [...written].filter(([id, title]) => before.get(id) !== title);
    expect(changed.length).toBeGreaterThan(2);
    const [edited] = changed[0] ?? [];
    lab.sandboxes.salesforce.person.update('Contact', String(edited), {
      Title: 'Edited by a person',
    });

    const plan = await lab.run('undo', runId, '--json');
    expect(plan.code, plan.stderr).toBe(0);
    const [sync] = (JSON.parse(plan.stdout) as Shown).syncs;
    expect(sync).toMatchObject({ restored: changed.length - 1, editedSince: 1 });
    for (const { record, action, written: sent, back_to: back } of sync?.rows ?? []) {
      expect(sent).toBe(written.get(record));
      expect(back).toBe(before.get(record));
      expect(action).toBe(record === edited ? 'edited' : 'update');
    }
    const text = await lab.run('undo', runId, '--rows', '1');
    expect(text.stdout).toContain('nothing was changed');
    expect(readTitles(lab).get(changed[1]?.[0] ?? '')).toBe(changed[1]?.[1]);

    const done = await lab.run('undo', runId, '--yes');
    expect(done.code, done.stderr).toBe(0);
    const after = readTitles(lab);
    for (const [id] of changed) {
      expect(after.get(id)).toBe(id === edited ? 'Edited by a person' : before.get(id));
    }
    expect(
      await lab.query(`select r.command, r.status, s.name, s.kind from tidemill.runs as r
        join tidemill.run_steps as s using (run_id) where s.name like 'undo.%'`),
    ).toMatchObject([{ status: 'succeeded', name: 'undo.titles', kind: 'sync' }]);
  });

  test('of what is undone already takes nothing back', async () => {
    const lab = await openCommandLab();
    const runId = await runOnce(lab);
    expect((await lab.run('undo', runId, '--yes')).code).toBe(0);
    const titles = readTitles(lab);
    expect((await lab.run('undo', runId, '--yes')).code).toBe(0);
    expect(readTitles(lab)).toEqual(titles);
  });

  test('of an unknown run, of one that wrote nothing, and without its sync says so', async () => {
    const lab = await openCommandLab();
    const runId = await runOnce(lab);
    const unknown = await lab.run('undo', 'nope', '--yes');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('there is no run nope');
    const idle = (await lab.run('extract', '--json')).stdout;
    const nothing = await lab.run('undo', (JSON.parse(idle) as { runId: string }).runId, '--yes');
    expect(nothing.code).toBe(1);
    expect(nothing.stderr).toContain('wrote nothing to a CRM');

    lab.declare(lab.declaration.replace(/syncs:[\s\S]*?pipelines/, 'pipelines'));
    const gone = await lab.run('undo', runId, '--yes');
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('wrote through the sync titles');
  });
});
