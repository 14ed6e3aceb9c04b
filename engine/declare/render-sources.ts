import { bystander } from './bystander.ts';
import { holdsTemplate, renderHeld } from './held-templates.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { fromPython } from './jinja/python-value.ts';
import type { FaultList } from './model-fault.ts';
import { type Reading, renderValue, stillMoment } from './node-render.ts';
import type { PackageSource } from './package-source.ts';
import { asConfig, type SourceTable } from './properties.ts';
import { reportTemplateError } from './template-fault.ts';

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
      if (!sources.some((table) => holdsTemplate(writtenOf(table)))) return pack;
      const rendered = await Promise.all(
        sources.map((table) => renderTable(pack, table, reading, faults)),
      );
      return { ...pack, properties: { ...pack.properties, sources: rendered } };
    }),
  );
}

/** What of a table may be a template; descriptions and tests are rendered elsewhere. */
function writtenOf({ schema, identifier, config, loadedAtField }: SourceTable) {
  return { schema, identifier, config, loadedAtField };
}

async function renderTable(
  pack: PackageSource,
  table: SourceTable,
  reading: Reading,
  faults: FaultList,
): Promise<SourceTable> {
  const written = writtenOf(table);
  if (!holdsTemplate(written)) return table;
  const { schema } = reading.target;
  const node = bystander(
    {
      id: `source.${pack.name}.${table.source}.${table.name}`,
      name: table.name,
      packageName: pack.name,
      file: table.place.file,
      fqn: [pack.name, table.source, table.name],
      resourceType: 'source',
    },
    schema,
  );
  // Without a file of its own: a fault is told where the table stands.
  const render = async (text: string) => {
    const template = parseTemplate(text, { file: '<source>' });
    return fromPython(await renderValue(reading, stillMoment, node, template));
  };
  try {
    const {
      schema: at,
      identifier,
      config,
      loadedAtField,
    } = asConfig(await renderHeld(written, render));
    return {
      ...table,
      schema: textOf(at),
      identifier: textOf(identifier) ?? table.name,
      config: asConfig(config),
      loadedAtField: textOf(loadedAtField),
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
