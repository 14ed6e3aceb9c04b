import { parseArgs } from 'node:util';
import { bindBenches } from './bind.ts';
import { diffBench } from './diff.ts';
import { historyBenches } from './history.ts';
import { identityBenches } from './identity.ts';
import { landingBenches } from './landing.ts';
import { loopBenches } from './loop.ts';
import type { Bench, Measurement } from './measure.ts';
import { nodeBenches } from './nodes.ts';
import { parseBenches } from './parse.ts';
import { snapshotBenches } from './snapshot.ts';

const benches: readonly Bench[] = [
  ...landingBenches,
  ...historyBenches,
  ...identityBenches,
  ...snapshotBenches,
  diffBench,
  ...loopBenches,
  ...parseBenches,
  ...bindBenches,
  ...nodeBenches,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
  },
});

const scale = Number(values.scale);
if (!(scale > 0)) {
  console.error(`--scale ${values.scale} is not a number above 0`);
  process.exit(2);
}
const chosen = benches.filter(
  ({ name }) => positionals.length === 0 || positionals.some((word) => name.startsWith(word)),
);
if (chosen.length === 0) {
  const names = benches.map(({ name }) => name).join(', ');
  console.error(`no bench is named ${positionals.join(', ')}; there are: ${names}`);
  process.exit(2);
}

function printLine(cells: readonly string[]): void {
  const widths = [28, 10, 12, 10, 7, 5, 10, 8, 8, 8];
  console.log(cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' '));
}

function printRow(name: string, result: Measurement): void {
  printLine([
    name,
    String(result.value),
    result.unit,
    String(result.reference),
    String(result.ratio),
    result.met ? 'yes' : 'NO',
    String(result.rows),
    String(result.cpu_s),
    String(result.reference_cpu_s ?? '-'),
    String(result.rss_mb),
    result.target,
  ]);
}

if (!values.json) {
  printLine([
    'name',
    'value',
    'unit',
    'reference',
    'ratio',
    'met',
    'rows',
    'cpu_s',
    'ref_cpu',
    'rss_mb',
    'target',
  ]);
}
for (const bench of chosen) {
  const result = await bench.run(scale);
  if (values.json) {
    const { value, unit, reference, ratio, target, met, rows, cpu_s, rss_mb } = result;
    const { reference_cpu_s } = result;
    const line = {
      name: bench.name,
      value,
      unit,
      reference,
      ratio,
      target,
      met,
      rows,
      cpu_s,
      ...(reference_cpu_s === undefined ? {} : { reference_cpu_s }),
      rss_mb,
    };
    console.log(JSON.stringify(line));
  } else {
    printRow(bench.name, result);
  }
}
