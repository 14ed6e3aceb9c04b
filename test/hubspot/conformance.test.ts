import { describeExtractor, type ExtractorSuite } from '../conformance/extractor.ts';
import { loadContacts, openBench } from './bench.ts';

/** The same contract for few properties, which fit into any request, and for very many. */
function createSuite(name: string, propertyCount: number): ExtractorSuite {
  return {
    name,
    severalPages: 450,
    idleCalls: 1,
    secret: 'not-the-secret',
    async open({ records, dailyCalls, isSecretWrong }) {
      const bench = await openBench(
        {},
        {
          ...(dailyCalls === undefined ? {} : { daily_calls: dailyCalls }),
          ...(isSecretWrong === true ? { client_secret: 'not-the-secret' } : {}),
        },
      );
      const { sandbox, clock, extractor } = bench;
      if (propertyCount > 0) {
        const properties = Array.from({ length: propertyCount }, (_, index) => ({
          name: `a_property_with_a_rather_long_name_${index}`,
          type: 'string' as const,
        }));
        sandbox.define({ objects: { contacts: { properties } } });
      }
      loadContacts(sandbox, records);
      const live = () => [...sandbox.rows('contacts')].filter((row) => row['archived'] !== true);
      return {
        extractor,
        stream: 'contacts',
        field: 'firstname',
        now: clock.now,
        advance: bench.advance,
        truth: () =>
          new Map(
            live().map((row) => {
              const properties = row['properties'] as Record<string, unknown>;
              return [String(row['id']), String(properties['firstname'])];
            }),
          ),
        create: (value) => sandbox.person.create('contacts', { firstname: value }),
        edit: (id, value) => sandbox.person.update('contacts', id, { firstname: value }),
        remove: (id) => sandbox.person.archive('contacts', id),
        calls: bench.calls,
        setFaults: (plan) => sandbox.faults.set(plan),
        close: sandbox.close,
      };
    },
  };
}

describeExtractor(createSuite('HubSpot', 0));
