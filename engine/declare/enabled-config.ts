import type { Config } from './config.ts';
import type { FaultList, Place } from './model-fault.ts';

/** Undefined: it is true or false, or not said. */
export function complainOfEnabled({ enabled }: Config): string | undefined {
  if (enabled === undefined || enabled === null || typeof enabled === 'boolean') return undefined;
  const shown = typeof enabled === 'string' ? `"${enabled}"` : JSON.stringify(enabled);
  return `config "enabled" is ${shown}; write true or false, without quotes`;
}

/** Nodes that are on, and those that are switched off. */
export interface Switched<N> {
  readonly on: readonly N[];
  readonly off: readonly N[];
}

export function splitEnabled<N extends { readonly config: Config }>(
  nodes: readonly N[],
): Switched<N> {
  const { on = [], off = [] } = Object.groupBy(nodes, ({ config }) =>
    config['enabled'] === false ? 'off' : 'on',
  );
  return { on, off };
}

export function reportEnabled(config: Config, place: Place, faults: FaultList): void {
  const complaint = complainOfEnabled(config);
  if (complaint !== undefined) faults.error(place, complaint);
}
