import { quoteText } from '../words/sql-name.ts';
import { asConfig, type Config } from './config.ts';

/** What a source is called by, for the template of its location. */
interface Named {
  readonly name: string;
  readonly identifier: string;
  readonly schema: string;
}

/**
 * dbt-duckdb's `external_location`, in `meta` or config of a source or its table: SQL that reads
 * files, in place of the table's name. Its placeholders are `{name}`, `%(name)s` or `$name`, as
 * `formatter` says. Undefined: the source is a table.
 */
export function externalOf(named: Named, meta: unknown, config: Config): string | undefined {
  const said = { ...asConfig(meta), ...asConfig(config['meta']), ...config };
  const location = said['external_location'];
  if (typeof location !== 'string') return undefined;
  const values: Readonly<Record<string, unknown>> = { ...named, ...said };
  const pattern = placeholders[String(said['formatter'] ?? 'newstyle')] ?? placeholders['newstyle'];
  const filled = location.replace(pattern ?? /$^/, (whole, key: string) => {
    if (whole === '{{' || whole === '}}' || whole === '$$' || whole === '%%') return whole.slice(1);
    const value = values[key];
    return value === undefined ? whole : String(value);
  });
  const isSql = filled.includes('(') || filled.startsWith("'");
  return isSql ? filled : quoteText(filled);
}

const placeholders: Readonly<Record<string, RegExp>> = {
  newstyle: /\{\{|\}\}|\{(\w+)\}/g,
  oldstyle: /%%|%\((\w+)\)s/g,
  template: /\$\$|\$\{?(\w+)\}?/g,
};
