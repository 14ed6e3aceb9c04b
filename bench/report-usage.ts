import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** Loaded before the program that is measured: what its process had used when it ended. */
const file = process.env['BENCH_USAGE_FILE'];
process.once('exit', () => {
  if (!file) return;
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  const told = { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, rssMb: peakKb() / 1_024 };
  writeFileSync(file, JSON.stringify(told));
});

/** On Linux `maxRSS` begins with the memory of whoever started the process; this one does not. */
function peakKb(): number {
  const status = '/proc/self/status';
  const text = existsSync(status) ? readFileSync(status, 'utf8') : '';
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? process.resourceUsage().maxRSS);
}
