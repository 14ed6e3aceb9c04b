import fc from 'fast-check';
import type { Workbench } from '../materialize/workbench.ts';
import { type Decision, decide, type Person, put, remove } from './identity-bench.ts';

const systems = ['sf', 'hs'] as const;

/** What may happen to the records and the decisions between two builds. */
export type Deed =
  | { readonly kind: 'put'; readonly person: Person }
  | { readonly kind: 'remove'; readonly record: string }
  | { readonly kind: 'decide'; readonly decision: Decision };

const maybe = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: null, freq: 2 });
const idNumber = fc.integer({ min: 1, max: 9 });
const record = fc
  .tuple(fc.constantFrom(...systems), idNumber)
  .map(([system, id]) => `${system}:${id}`);

const person: fc.Arbitrary<Person> = fc.record({
  system: fc.constantFrom(...systems),
  id: idNumber.map(String),
  made: fc.integer({ min: 1, max: 4 }),
  email: maybe('a@x', 'A@x', 'b@x', 'c@x', 'd@x', 'e@x'),
  phone: maybe('1', '2'),
  name: maybe('jon smith', 'john smith', 'johan smit', 'ann lee', 'anne lee'),
  firm: maybe('p', 'q', 'r'),
  twin: fc.option(idNumber.map(String), { nil: null, freq: 3 }),
  merged: fc.option(
    fc.array(idNumber, { minLength: 1, maxLength: 2 }).map((ids) => ids.join(';')),
    { nil: null, freq: 1 },
  ),
  gone: fc.boolean(),
});

export const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: person.map((one) => ({ kind: 'put' as const, person: one })) },
  { weight: 2, arbitrary: record.map((one) => ({ kind: 'remove' as const, record: one })) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(record, record, fc.constantFrom('same', 'different'), fc.integer({ min: 1, max: 99 }))
      .filter(([left, right]) => left !== right)
      .map(([left, right, decision, at]) => ({
        kind: 'decide' as const,
        decision: { left, right, decision, at },
      })),
  },
);

/** At once: of several deeds on one record the last one is seen. */
export async function perform(bench: Workbench, deeds: readonly Deed[]): Promise<void> {
  const people = new Map<string, Person | undefined>();
  for (const one of deeds) {
    if (one.kind === 'put') people.set(`${one.person.system}:${one.person.id}`, one.person);
    if (one.kind === 'remove') people.set(one.record, undefined);
  }
  await remove(bench, ...people.keys());
  await put(bench, ...[...people.values()].filter((one) => one !== undefined));
  await decide(bench, ...deeds.flatMap((one) => (one.kind === 'decide' ? one.decision : [])));
}
