import fc from 'fast-check';

type Choose = <T>(from: fc.Arbitrary<T>) => T;

const packages = ['shop', 'pack', 'more', 'zeta'];
const macros = ['alpha', 'beta', 'gamma', 'delta'];
const variables = ['v1', 'v2', 'v3'];

export interface RandomLookup {
  readonly files: Readonly<Record<string, string>>;
  /** What `--vars` says. */
  readonly vars: Readonly<Record<string, unknown>>;
}

/**
 * A project of four packages whose macros have the same names and call each other in every way that
 * names can be looked up, and whose variables are said in every place. All is printed.
 */
export function randomLookup(choose: Choose): RandomLookup {
  const pick = <T>(values: readonly T[]): T => choose(fc.constantFrom(...values));
  const maybe = (share: number): boolean => choose(fc.integer({ min: 1, max: 100 })) <= share;
  const some = (share: number, values: readonly string[]): string[] =>
    values.filter(() => maybe(share));

  const varsOf = (scope: string): Record<string, unknown> =>
    Object.fromEntries(
      some(40, variables).map((name) => {
        const values = [`${scope}_${name}`, 1, true, null, ['x', scope], { k: scope }];
        return [name, pick([...values, '{{ 1 + 1 }}', "{{ var('v0', 'none') }}_t"])];
      }),
    );
  const variable = (): string => {
    const name = pick(variables);
    return pick([
      `{{ var('${name}', 'else') }}`,
      `{{ var('${name}', none) }}`,
      `{{ var.has_var('${name}') }}`,
    ]);
  };
  const callOf = (name: string): string => {
    const place = pick(packages);
    return pick([
      `{% if ${name} is defined %}{{ ${name}() }}{% else %}no ${name}{% endif %}`,
      `{% if ${place}.${name} is defined %}{{ ${place}.${name}() }}{% else %}none{% endif %}`,
      `{% if '${name}' in context %}{{ context['${name}']() }}{% else %}none{% endif %}`,
      `{{ adapter.dispatch('${name}')() }}`,
      `{{ adapter.dispatch('${name}', '${place}')() }}`,
    ]);
  };
  /** Calls only those that come later, so that it ends. */
  const macroOf = (owner: string, name: string, prefix = ''): string => {
    const later = macros.slice(macros.indexOf(name) + 1);
    const call = later.length > 0 && maybe(60) ? callOf(pick(later)) : '';
    const said = `<${owner}.${prefix}${name} ${variable()}${call}>`;
    return `{% macro ${prefix}${name}() %}${said}{% endmacro %}`;
  };
  const naming = (owner: string): string[] =>
    [
      ...(maybe(25) ? ['{% macro generate_alias_name(custom_alias_name=none, node=none) %}'] : []),
      ...(maybe(25) ? ['{% macro generate_schema_name(custom_schema_name, node) %}'] : []),
    ].map((head) => `${head}${owner}_{{ node.name }}{% endmacro %}`);

  const projectOf = (name: string) => {
    const ofOthers = name === 'shop' ? some(50, packages.slice(1)) : [];
    const own = maybe(60) ? [name] : [];
    const scoped = [...own, ...ofOthers].map((scope) => [scope, varsOf(`${name}_for_${scope}`)]);
    const dispatch = some(40, packages).map((place) => ({
      macro_namespace: place,
      search_order: choose(fc.shuffledSubarray([...packages, 'dbt'], { minLength: 2 })),
    }));
    const vars = { ...varsOf(name), ...Object.fromEntries(scoped) };
    return { name, version: '1.0.0', profile: 'shop', vars, dispatch };
  };

  const files: Record<string, string> = {
    'profiles.yml': 'shop: {target: dev, outputs: {dev: {type: duckdb, path: shop.duckdb}}}',
  };
  for (const name of packages) {
    const root = name === 'shop' ? '' : `dbt_packages/${name}/`;
    files[`${root}dbt_project.yml`] = JSON.stringify(projectOf(name), undefined, 1);
    const written = macros.flatMap((macro) => [
      // What only a sibling of the macro that asks has is not defined to dbt; here it is.
      ...(name === 'shop' || maybe(50) ? [macroOf(name, macro)] : []),
      macroOf(name, macro, 'default__'),
      ...(maybe(30) ? [macroOf(name, macro, 'duckdb__')] : []),
    ]);
    const concat = `{% macro default__concat(fields) %}${name}({{ fields }}){% endmacro %}`;
    const all = [...written, ...naming(name), ...(maybe(30) ? [concat] : [])];
    files[`${root}macros/all.sql`] = all.join('\n');
    for (const index of [0, 1, 2, 3]) {
      const calls = macros.map(callOf).join(' ');
      const ours = `{{ concat(['a']) }} {{ dbt.concat(['b']) }} ${variable()}`;
      files[`${root}models/${name}_${index}.sql`] = `select 1 as id -- ${calls} ${ours}`;
    }
  }
  return { files, vars: maybe(40) ? varsOf('given') : {} };
}
