import { bystander } from './bystander.ts';
import type { DocsIndex } from './docs-blocks.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import type { JinjaValue } from './jinja/values.ts';
import type { FaultList, Place } from './model-fault.ts';
import { type Reading, renderNode, stillMoment } from './node-render.ts';
import type { PackageSource } from './package-source.ts';
import type { ColumnPatch, ModelVersion, PlacedEntry, Properties } from './properties.ts';
import { reportTemplateError } from './template-fault.ts';

interface Described {
  readonly description: string;
  readonly place: Place;
}

/** A description as people read it, and the docs blocks it names. */
type Render = <T extends Described>(one: T) => Promise<T & { docBlocks?: readonly string[] }>;

/** Descriptions of the packages with their templates rendered; most hold none, and stay as is. */
export async function renderDescriptions(
  packages: readonly PackageSource[],
  reading: Reading,
  docs: DocsIndex,
  faults: FaultList,
): Promise<PackageSource[]> {
  return await Promise.all(
    packages.map(async (pack) => {
      if (!holdsTemplates(pack.properties)) return pack;
      const render = rendererOf(pack, reading, docs, faults);
      return { ...pack, properties: await renderProperties(pack.properties, render) };
    }),
  );
}

/** Sections that are kept as they are written, but for their descriptions. */
const entryKinds = [
  'exposures',
  'groups',
  'macros',
  'semanticModels',
  'metrics',
  'savedQueries',
] as const;

const isTemplate = (text: string): boolean => /\{[{%]/.test(text);

function holdsTemplates(properties: Properties): boolean {
  const { patches, sources } = properties;
  const nodes = [...patches, ...sources];
  const inColumns = (columns: readonly ColumnPatch[]): boolean =>
    columns.some(({ description }) => isTemplate(description));
  return (
    nodes.some(({ description, columns }) => isTemplate(description) || inColumns(columns)) ||
    sources.some(({ sourceDescription }) => isTemplate(sourceDescription)) ||
    patches.some(({ versions = [] }) => versions.some(({ columns }) => inColumns(columns))) ||
    entryKinds.some((key) => (properties[key] ?? []).some(({ entry }) => isTemplate(textOf(entry))))
  );
}

function textOf(entry: PlacedEntry['entry']): string {
  return typeof entry['description'] === 'string' ? entry['description'] : '';
}

function rendererOf(
  pack: PackageSource,
  reading: Reading,
  docs: DocsIndex,
  faults: FaultList,
): Render {
  const { schema } = reading.target;
  return async (one) => {
    const { description, place } = one;
    if (!isTemplate(description)) return one;
    const used = new Set<string>();
    const extra = new Map<string, JinjaValue>([['doc', docs.functionFor(pack.name, used)]]);
    const node = bystander(
      {
        id: `description.${pack.name}`,
        name: 'description',
        packageName: pack.name,
        file: place.file,
        fqn: [pack.name],
        resourceType: 'description',
      },
      schema,
    );
    try {
      // Without a file of its own: a fault is told where the description stands.
      const template = parseTemplate(description, { file: '<description>' });
      const text = await renderNode(reading, stillMoment, node, template, extra);
      return { ...one, description: text, docBlocks: [...used] };
    } catch (error) {
      reportTemplateError(error, place, faults);
      return one;
    }
  };
}

async function renderProperties(properties: Properties, render: Render): Promise<Properties> {
  const { patches, sources } = properties;
  const columnsOf = (columns: readonly ColumnPatch[]): Promise<ColumnPatch[]> =>
    Promise.all(columns.map(render));
  const versionOf = async (version: ModelVersion): Promise<ModelVersion> => ({
    ...version,
    columns: await columnsOf(version.columns),
  });
  const entryOf = async (one: PlacedEntry): Promise<PlacedEntry> => {
    if (one.entry['description'] === undefined) return one;
    const described = await render({ ...one, description: textOf(one.entry) });
    const { description, ...others } = described;
    return { ...others, entry: { ...one.entry, description } };
  };
  return {
    ...properties,
    patches: await Promise.all(
      patches.map(async (patch) => ({
        ...(await render(patch)),
        columns: await columnsOf(patch.columns),
        ...(patch.versions ? { versions: await Promise.all(patch.versions.map(versionOf)) } : {}),
      })),
    ),
    sources: await Promise.all(
      sources.map(async (table) => ({
        ...(await render(table)),
        sourceDescription: (
          await render({ description: table.sourceDescription, place: table.place })
        ).description,
        columns: await columnsOf(table.columns),
      })),
    ),
    ...Object.fromEntries(
      await Promise.all(
        entryKinds.map(async (key) => [
          key,
          await Promise.all((properties[key] ?? []).map(entryOf)),
        ]),
      ),
    ),
  };
}
