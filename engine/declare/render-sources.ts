import { asConfig } from './config.ts';
import { reportEnabled } from './enabled-config.ts';
import { openTextRenderer } from './entry-config.ts';
import { holdsTemplate, renderHeld } from './held-templates.ts';
import type { FaultList } from './model-fault.ts';
import type { Reading } from './node-render.ts';
import { mergeFolders, type PackageSource } from './package-source.ts';
import type { SourceTable } from './properties.ts';
import { reportTemplateError } from './template-fault.ts';
import { sourceFqn } from './yaml-folders.ts';

/**
 * Sources of the packages with the templates in their places rendered: packages leave the schema
 * and the names of tables to variables of whoever uses them. What fails stays as written, as a
 * fault.
 */
export async function renderSources(
  packages: readonly PackageSource[],
  reading: Reading,
  faults: FaultList,
): Promise<PackageSource[]> {
  return await Promise.all(
    packages.map(async (pack) => {
      const { sources } = pack.properties;
      if (sources.length === 0) return pack;
      const rendered = sources.map(async (table) => {
        const fqn = sourceFqn(pack, table);
        const config = mergeFolders([packages[0], pack], 'sources', fqn, table.config);
        const whole = { ...table, config };
        const done = await renderTable(pack, whole, reading, faults);
        reportEnabled(done.config, done.place, faults);
        return done;
      });
      const all = await Promise.all(rendered);
      return { ...pack, properties: { ...pack.properties, sources: all } };
    }),
  );
}

/** What of a table may be a template; descriptions and tests are rendered elsewhere. */
function writtenOf({ schema, identifier, config }: SourceTable) {
  return { schema, identifier, config };
}

async function renderTable(
  pack: PackageSource,
  table: SourceTable,
  reading: Reading,
  faults: FaultList,
): Promise<SourceTable> {
  const written = writtenOf(table);
  if (!holdsTemplate(written)) return table;
  const about = {
    id: `source.${pack.name}.${table.source}.${table.name}`,
    name: table.name,
    packageName: pack.name,
    file: table.place.file,
    fqn: sourceFqn(pack, table),
    resourceType: 'source',
  };
  const { schema, identifier, config } = written;
  try {
    const render = openTextRenderer(reading, about);
    const named = asConfig(await renderHeld({ schema, identifier }, render));
    const place = { schema: textOf(named['schema']), name: textOf(named['identifier']) };
    // `this` of what it says is the table.
    const { source, name } = table;
    const relation = { schema: place.schema ?? source, name: place.name ?? name };
    const rendered = await renderHeld(config, openTextRenderer(reading, about, relation));
    return {
      ...table,
      schema: place.schema,
      ...(table.schema === undefined ? {} : { writtenSchema: table.schema }),
      identifier: relation.name,
      config: asConfig(rendered),
    };
  } catch (error) {
    reportTemplateError(error, table.place, faults);
    return table;
  }
}

/** A rendered name; one that renders to nothing was not given. */
function textOf(value: unknown): string | undefined {
  const text = value === undefined || value === null ? '' : String(value).trim();
  return text === '' ? undefined : text;
}
