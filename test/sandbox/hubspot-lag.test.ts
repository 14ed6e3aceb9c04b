import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Json, openHarness, propertiesOf } from './hubspot-harness.ts';

const lagMs = 1_000;
const step = fc.record({
  kind: fc.constantFrom('create', 'update', 'update', 'archive', 'restore', 'merge', 'search'),
  which: fc.integer({ min: 0, max: 5 }),
  other: fc.integer({ min: 0, max: 5 }),
  waitMs: fc.constantFrom(0, 0, 1, 300, 700, 1_500),
});

/** Live contacts and their cities. */
type State = ReadonlyMap<string, string>;

test('search shows the account as it was one lag ago, whatever was written since', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await using harness = await openHarness({ searchLagMs: lagMs });
      const { sandbox, call, clock } = harness;
      sandbox.load('contacts', [
        { id: 1, city: 'c1' },
        { id: 2, city: 'c2' },
      ]);
      let state: State = new Map([
        ['1', 'c1'],
        ['2', 'c2'],
      ]);
      const archived = new Map<string, string>();
      // The loaded rows were always there; each write makes a state from its time on.
      const states: { atMs: number; state: State }[] = [{ atMs: 0, state }];
      const change = (work: (next: Map<string, string>) => void): void => {
        const next = new Map(state);
        work(next);
        state = next;
        states.push({ atMs: clock.now(), state });
      };
      for (const [index, { kind, which, other, waitMs }] of steps.entries()) {
        const live = [...state.keys()];
        const id = live[which % live.length];
        const loser = live[other % live.length];
        const gone = [...archived.keys()][which % archived.size];
        const city = `s${index}`;
        if (kind === 'create') {
          const made = sandbox.person.create('contacts', { city });
          change((next) => next.set(made, city));
        } else if (kind === 'update' && id !== undefined) {
          sandbox.person.update('contacts', id, { city });
          change((next) => next.set(id, city));
        } else if (kind === 'archive' && id !== undefined) {
          sandbox.person.archive('contacts', id);
          archived.set(id, state.get(id) ?? '');
          change((next) => next.delete(id));
        } else if (kind === 'restore' && gone !== undefined) {
          sandbox.person.restore('contacts', gone);
          const kept = archived.get(gone) ?? '';
          archived.delete(gone);
          change((next) => next.set(gone, kept));
        } else if (kind === 'merge' && id !== undefined && loser !== undefined && id !== loser) {
          const survivor = sandbox.person.merge('contacts', id, loser, { mintsNewId: true });
          const kept = state.get(id) ?? '';
          change((next) => {
            next.delete(id);
            next.delete(loser);
            next.set(survivor, kept);
          });
        }
        const shown = states.findLast(({ atMs }) => atMs <= clock.now() - lagMs)?.state;
        const answer = await call('POST', '/crm/v3/objects/contacts/search', {
          properties: ['city'],
          limit: 200,
        });
        const found = answer.results.map((row: Json) => [
          String(row['id']),
          propertiesOf(row)['city'],
        ]);
        expect(new Map(found as [string, string][])).toEqual(shown);
        expect(answer.body['total']).toBe(shown?.size);
        clock.advance(waitMs);
      }
    }),
    { numRuns: 60 },
  );
});
