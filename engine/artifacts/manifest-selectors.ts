import { asConfig, asList, type Config, isConfig } from '../declare/config.ts';
import { criterionParts, defaultMethod } from '../declare/selection-spec.ts';
import type { SelectorEntry, Selectors } from '../declare/selectors.ts';

/** What dbt's manifest says of `selectors.yml`: nothing where it cannot be used. */
export function manifestSelectors({ entries, flaws }: Selectors): Record<string, Config> {
  if (flaws.length > 0) return {};
  const byName = new Map(entries.map((one) => [one.name, one]));
  return Object.fromEntries(
    [...byName].map(([name, { entry, definition }]) => [
      name,
      { ...entry, definition: writeDefinition(byName, definition) },
    ]),
  );
}

type ByName = ReadonlyMap<string, SelectorEntry>;

/** As dbt writes it: texts taken apart, names of others as what they stand for. */
function writeDefinition(byName: ByName, definition: unknown): unknown {
  if (typeof definition === 'string') return writeText(definition);
  if (!isConfig(definition)) return definition;
  for (const kind of ['union', 'intersection'] as const) {
    const parts = definition[kind];
    if (parts === undefined) continue;
    return { [kind]: asList(parts).map((part) => writeDefinition(byName, part)) };
  }
  const { method, value } = definition;
  if (method === 'selector') return writeDefinition(byName, byName.get(String(value))?.definition);
  const [pair, ...others] = Object.entries(definition);
  if (pair === undefined || method !== undefined) return definition;
  const [key, written] = pair;
  const list = Array.isArray(written)
    ? written.map((part) => writeDefinition(byName, part))
    : written;
  if (key === 'exclude') return { exclude: list };
  return others.length === 0 ? { method: key, value: list } : definition;
}

function writeText(text: string): Config {
  const parts = asConfig(criterionParts(text));
  const { method, value } = parts;
  const written: Config = { ...parts, method: method ?? defaultMethod(String(value ?? '')) };
  return Object.fromEntries(
    Object.entries(written).filter(([, part]) => part !== undefined && part !== ''),
  );
}
