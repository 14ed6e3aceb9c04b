import type { FaultList, Place } from './model-fault.ts';
import type { Config } from './properties.ts';

/** Undefined: it is true or false, or not said. */
export function complainOfEnabled({ enabled }: Config): string | undefined {
  if (enabled === undefined || enabled === null || typeof enabled === 'boolean') return undefined;
  const shown = typeof enabled === 'string' ? `"${enabled}"` : JSON.stringify(enabled);
  return `config "enabled" is ${shown}; write true or false, without quotes`;
}

export function reportEnabled(config: Config, place: Place, faults: FaultList): void {
  const complaint = complainOfEnabled(config);
  if (complaint !== undefined) faults.error(place, complaint);
}
