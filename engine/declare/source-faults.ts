import { didYouMean } from '../words/suggest.ts';
import { asConfig } from './config.ts';
import type { FaultList } from './model-fault.ts';
import type { PackageSource } from './package-source.ts';

/** Periods of a freshness limit; `hours` is `hour`. */
const freshnessPeriods = ['minute', 'hour', 'day'] as const;

/** What is said of sources and cannot be meant: a table twice, a limit that is no time. */
export function reportSources(packages: readonly PackageSource[], faults: FaultList): void {
  for (const pack of packages) {
    const places = new Map<string, string>();
    for (const table of pack.properties.sources) {
      if (table.config['enabled'] === false) continue;
      const name = `${table.source}.${table.name}`;
      const { file, line } = table.place;
      const other = places.get(name);
      places.set(name, `${file}:${line}`);
      if (other !== undefined) {
        faults.error(table.place, `the source ${name} is declared twice; the other is ${other}`, {
          hint: 'keep one of them, or disable one (config: {enabled: false})',
        });
      }
      const freshness = asConfig(table.config['freshness']);
      for (const key of ['warn_after', 'error_after']) {
        const complaint = complainOfLimit(asConfig(freshness[key]));
        if (complaint) faults.error(table.place, `${key} of the source ${name}: ${complaint}`);
      }
    }
  }
}

function complainOfLimit({ count, period }: ReturnType<typeof asConfig>): string | undefined {
  if ((count ?? null) === null && (period ?? null) === null) return undefined;
  const unit = String(period);
  if (!freshnessPeriods.some((one) => one === unit.replace(/s$/, ''))) {
    const known = freshnessPeriods.join(', ');
    return `the period is "${unit}"${didYouMean(unit, freshnessPeriods)} (one of ${known})`;
  }
  const isCount = Number.isInteger(Number(count)) && Number(count) >= 0 && count !== '';
  return isCount ? undefined : `the count is "${String(count)}"; write a whole number`;
}
