/** Loaded before a program that is measured: what it cost the system is written when it ends. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuSeconds = (userCPUTime + systemCPUTime) / 1_000_000;
  const file = process.env['BENCH_USAGE_FILE'];
  if (file) writeFileSync(file, JSON.stringify({ cpuSeconds, rssMb: maxRSS / 1_024 }));
});
