import { describe, expect, test } from 'vitest';
import { openLedger, type PushIntent, type PushTicket } from '../../engine/state/ledger.ts';
import { openStateDb } from '../../engine/state/state-db.ts';
import { heldClock, testFolder } from './folder.ts';

const intent = (key: string): PushIntent => ({
  runId: 'r1',
  planId: 'p1',
  sync: 'contacts',
  connection: 'hubspot',
  object: 'contacts',
  key,
  action: 'create',
  phase: 1,
  crmId: undefined,
  payload: {
    fields: { email: { kind: 'email', after: key, accepts: key } },
    associations: [],
    observedAt: null,
    signature: key,
    reasserts: false,
    match: [{ field: 'email', kind: 'email', value: key }],
  },
});

function first(tickets: readonly PushTicket[]): PushTicket {
  const ticket = tickets[0];
  if (!ticket) throw new Error('no ticket');
  return ticket;
}

describe('the push ledger', () => {
  test('makes intents without an outcome doubtful when it is opened again', () => {
    const folder = testFolder();
    const clock = heldClock();
    {
      using db = openStateDb(folder);
      const ledger = openLedger(db, clock);
      const [one] = ledger.intend([intent('a@x.org'), intent('b@x.org')]);
      if (!one) throw new Error('no ticket');
      ledger.settle([{ ticket: one, result: { status: 'written', id: '7', created: true } }]);
    }
    using db = openStateDb(folder);
    const ledger = openLedger(db, clock);
    expect(ledger.inDoubt('contacts')).toMatchObject([
      {
        key: 'b@x.org',
        status: 'in_doubt',
        code: 'process-ended',
        payload: intent('b@x.org').payload,
      },
    ]);
    expect(ledger.epoch).toBe(2);
    expect(
      ledger.outcomesAfter('contacts', 0, 10).map(({ key, resultId }) => [key, resultId]),
    ).toEqual([
      ['a@x.org', '7'],
      ['b@x.org', undefined],
    ]);
  });

  test('offers a settled doubt again, after what was read before', () => {
    using db = openStateDb(testFolder());
    const ledger = openLedger(db, heldClock());
    const ticket = first(ledger.intend([intent('a@x.org')]));
    ledger.settle([{ ticket, result: { status: 'in_doubt', reason: 'timed out' } }]);
    const read = ledger.outcomesAfter('contacts', 0, 10).at(-1)?.outcome ?? 0;
    ledger.settle([{ ticket, result: { status: 'written', id: '7', created: true } }]);
    expect(ledger.outcomesAfter('contacts', read, 10)).toMatchObject([
      { status: 'written', resultId: '7' },
    ]);
    expect(ledger.countOpen()).toBe(0);
  });

  test('takes an answer once, and only for the attempt it belongs to', () => {
    using db = openStateDb(testFolder());
    const ledger = openLedger(db, heldClock());
    const result = { status: 'written', id: '7', created: true } as const;
    const ticket = first(ledger.intend([intent('a@x.org')]));
    const stale = { ...ticket, epoch: ticket.epoch - 1 };
    expect(() => ledger.settle([{ ticket: stale, result }])).toThrow('assertion failed');
    ledger.settle([{ ticket, result }]);
    expect(() => ledger.settle([{ ticket, result }])).toThrow('assertion failed');
    expect(first(ledger.intend([intent('a@x.org')])).attempt).toBe(2);
  });

  test('commits the answers of a group together or not at all', () => {
    using db = openStateDb(testFolder());
    const ledger = openLedger(db, heldClock());
    const ticket = first(ledger.intend([intent('a@x.org')]));
    const result = { status: 'deferred', reason: 'budget' } as const;
    const outcomes = [
      { ticket, result },
      { ticket: { ...ticket, seq: 99 }, result },
    ];
    expect(() => ledger.settle(outcomes)).toThrow('assertion failed');
    expect(ledger.outcomesAfter('contacts', 0, 10)).toEqual([]);
    expect(ledger.countOpen()).toBe(1);
  });
});
