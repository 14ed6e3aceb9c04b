/**
 * A connector of your own: one stream of harbour gauges, read as NDJSON pages and landed, planned
 * and run like any other. `test/library/own-connector.test.ts` runs it.
 */
import { buildPlan, type ExtractorFactory, openProject, run, type Stream } from '../index.ts';

const readings: Stream = {
  name: 'readings',
  columns: [
    { name: 'id', type: 'string' },
    { name: 'level_cm', type: 'integer' },
    { name: 'taken_at', type: 'timestamp' },
  ],
  primaryKey: ['id'],
  cursorField: 'taken_at',
  modifiedField: 'taken_at',
};

/** Reads `<url>?since=<ISO time>`, which answers with one JSON record a line, oldest first. */
export const gauges: ExtractorFactory = {
  schema: {
    type: 'object',
    required: ['url'],
    properties: { url: { type: 'string', description: 'Where the gauges answer.' } },
  },
  create: ({ config }) => ({
    async check(signal) {
      await fetch(String(config['url']), { method: 'HEAD', signal });
    },
    discover: async () => [readings],
    async *read({ cursor, boundaryMs, signal }) {
      const since = String(cursor?.['since'] ?? '');
      const response = await fetch(`${String(config['url'])}?since=${since}`, { signal });
      const body = new Uint8Array(await response.arrayBuffer());
      // Durable once these rows are: the next read starts here.
      yield { format: 'ndjson', body, checkpoint: { since: new Date(boundaryMs).toISOString() } };
    },
    estimate: ({ cursor }) => ({
      mode: cursor ? 'incremental' : 'full_refresh',
      calls: 1,
      reason: cursor ? 'changes since the last read' : 'first read',
    }),
  }),
};

/** Opens the project in `folder`, shows what would happen, and does it. */
export async function readHarbour(folder: string): Promise<string> {
  using project = openProject({ folder, extractors: { gauges } });
  const plan = await buildPlan(project);
  if (plan.faults.length > 0) throw new Error(plan.faults.map(({ message }) => message).join('\n'));
  const { status } = await run(project, { select: ['source:harbour+'] });
  return status;
}
