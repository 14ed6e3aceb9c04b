import { asConfig, type Config, isConfig } from './config.ts';
import type { PackageSource } from './package-source.ts';

export interface Vars {
  /** As the package sees it; undefined where nobody set it. */
  find(name: string, packageName: string): { readonly value: unknown } | undefined;
  names(): Iterable<string>;
}

/**
 * dbt's precedence: given from outside, then the project's own section for the package, then the
 * project's global ones, then the package's own.
 */
export function collectVars(
  packages: readonly Pick<PackageSource, 'name' | 'vars'>[],
  given: Config,
): Vars {
  const [root] = packages;
  const names = new Set(packages.map((pack) => pack.name));
  const layers = (packageName: string): Config[] => {
    const own = packages.find((pack) => pack.name === packageName);
    return [
      given,
      asConfig(given[packageName]),
      asConfig(root?.vars[packageName]),
      globalVars(root?.vars ?? {}, names),
      asConfig(own?.vars[packageName]),
      globalVars(own?.vars ?? {}, names),
    ];
  };
  const known = new Map<string, Config[]>();
  const layersOf = (packageName: string): Config[] => {
    const found = known.get(packageName) ?? layers(packageName);
    known.set(packageName, found);
    return found;
  };
  return {
    find: (name, packageName) => {
      const layer = layersOf(packageName).find((one) => Object.hasOwn(one, name));
      return layer && { value: layer[name] };
    },
    names: () => new Set(packages.flatMap((pack) => layersOf(pack.name).flatMap(Object.keys))),
  };
}

/** A map under a package's name is that package's section, not a variable. */
function globalVars(vars: Config, packageNames: ReadonlySet<string>): Config {
  return Object.fromEntries(
    Object.entries(vars).filter(([key, value]) => !(packageNames.has(key) && isConfig(value))),
  );
}
