import { salesforce } from '../../reverse-etl/salesforce.ts';
import { type DestinationSuite, describeDestination } from '../conformance/destination.ts';
import { describeExtractor, type ExtractorSuite } from '../conformance/extractor.ts';
import { loadAccounts, openBench } from './bench.ts';

/** The same contract by REST pages and by bulk jobs: small pages and thresholds keep it quick. */
function createSuite(name: string, bulkFrom: number): ExtractorSuite {
  return {
    name,
    severalPages: 90,
    idleCalls: 1,
    secret: 'not-the-secret',
    async open({ records, dailyCalls, isSecretWrong }) {
      const bench = await openBench(
        { pageSizeMax: 20, bulkPageSizeMax: 15 },
        {
          bulk_from: bulkFrom,
          ...(dailyCalls === undefined ? {} : { daily_calls: dailyCalls }),
          ...(isSecretWrong === true ? { client_secret: 'not-the-secret' } : {}),
        },
      );
      const { sandbox, clock, extractor } = bench;
      loadAccounts(sandbox, records);
      return {
        extractor,
        stream: 'Account',
        field: 'Name',
        now: clock.now,
        advance: bench.advance,
        truth() {
          const live = [...sandbox.rows('Account')].filter((row) => row['IsDeleted'] !== true);
          return new Map(live.map((row) => [String(row['Id']), String(row['Name'])]));
        },
        create: (value) => sandbox.person.create('Account', { Name: value, AnnualRevenue: 1 }),
        edit: (id, value) => void sandbox.person.update('Account', id, { Name: value }),
        remove: (id) => void sandbox.person.remove('Account', id),
        calls: () => sandbox.calls.total,
        setFaults: (plan) => sandbox.faults.set(plan),
        close: sandbox.close,
      };
    },
  };
}

describeExtractor(createSuite('Salesforce by REST pages', 1_000_000));
describeExtractor(createSuite('Salesforce by bulk jobs', 30));

const destinationSuite: DestinationSuite = {
  name: 'Salesforce',
  sizes: [1, 3, 201, 2000],
  faultedSizes: [150, 2000],
  openingCalls: 2,
  isPriceExact: () => true,
  async open({ dailyCalls }) {
    const bench = await openBench({}, dailyCalls === undefined ? {} : { daily_calls: dailyCalls });
    const { sandbox } = bench;
    const ext = { name: 'Ext__c', type: 'string', externalId: true, unique: true } as const;
    sandbox.define({ objects: { Account: { fields: [ext] } } });
    const toText = (value: unknown): string | null => (value === null ? null : String(value));
    return {
      destination: salesforce.create(bench.context, 'Account'),
      text: 'Site',
      unique: 'Ext__c',
      required: { Name: 'Acme' },
      bad: { field: 'ParentId', value: '001000000000000AAA' },
      truth() {
        const live = [...sandbox.rows('Account')].filter((row) => row['IsDeleted'] !== true);
        return new Map(
          live.map((row) => [
            String(row['Id']),
            { text: toText(row['Site']), unique: toText(row['Ext__c']) },
          ]),
        );
      },
      calls: () => sandbox.calls.total,
      setFaults: (plan) => sandbox.faults.set(plan),
      close: sandbox.close,
    };
  },
};

describeDestination(destinationSuite);
