import { hubspot } from '../../reverse-etl/hubspot.ts';
import { type DestinationSuite, describeDestination } from '../conformance/destination.ts';
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
describeExtractor(createSuite('HubSpot with more properties than a search takes', 90));

const destinationSuite: DestinationSuite = {
  name: 'HubSpot',
  sizes: [1, 3, 100, 101],
  faultedSizes: [60],
  openingCalls: 2,
  isPriceExact: () => true,
  async open({ dailyCalls }) {
    const bench = await openBench({}, dailyCalls === undefined ? {} : { daily_calls: dailyCalls });
    const { sandbox } = bench;
    const key = { name: 'external_key', type: 'string', hasUniqueValue: true } as const;
    sandbox.define({ objects: { companies: { properties: [key] } } });
    const toText = (value: unknown): string | null => (value === null ? null : String(value));
    return {
      destination: hubspot.create(bench.context, 'companies'),
      text: 'description',
      unique: 'external_key',
      required: { name: 'Acme' },
      bad: { field: 'type', value: 'NO_SUCH_OPTION' },
      truth() {
        const live = [...sandbox.rows('companies')].filter((row) => row['archived'] !== true);
        return new Map(
          live.map((row) => {
            const held = row['properties'] as Record<string, unknown>;
            const text = toText(held['description']);
            return [String(row['id']), { text, unique: toText(held['external_key']) }];
          }),
        );
      },
      calls: () => sandbox.calls.total,
      setFaults: (plan) => sandbox.faults.set(plan),
      close: sandbox.close,
    };
  },
};

describeDestination(destinationSuite);
