import { bystander } from './bystander.ts';
import type { DocsIndex } from './docs-blocks.ts';
import { holdsTemplate, renderHeld } from './held-templates.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import type { JinjaValue } from './jinja/values.ts';
import type { FaultList, Place } from './model-fault.ts';
import { type Reading, renderNode, stillMoment } from './node-render.ts';
import type { PackageSource } from './package-source.ts';
import type {
  ColumnPatch,
  ModelVersion,
  NodePatch,
  PlacedEntry,
  Properties,
  TestEntry,
} from './properties.ts';
import { reportTemplateError } from './template-fault.ts';

/** An entry of YAML with a description; of a column, what a contract promises of it too. */
interface Described {
  readonly description: string;
  readonly place: Place;
  readonly dataType?: string | undefined;
  readonly constraints?: readonly unknown[];
}

/** A description as people read it, the docs blocks it names, and the promises as they are held. */
type Render = <T extends Described>(one: T) => Promise<T & { docBlocks?: readonly string[] }>;

/**
 * Descriptions, types and constraints of the packages, their templates rendered; most hold none,
 * and stay as is.
 */
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
  'singularTests',
  'unitTests',
] as const;

function isOpen(one: Omit<Described, 'place'>): boolean {
  return holdsTemplate([one.description, one.dataType, one.constraints]);
}

interface Tested {
  readonly tests: readonly TestEntry[];
}

const hasOpenTest = ({ tests }: Tested): boolean =>
  tests.some(({ description }) => holdsTemplate(description));

function holdsTemplates(properties: Properties): boolean {
  const { patches, sources } = properties;
  const versions = patches.flatMap((patch) => (patch.versions ?? []).map((one) => one.patch));
  const nodes = [...patches, ...versions, ...sources];
  return (
    nodes.some((one) => isOpen(one) || one.columns.some(isOpen)) ||
    nodes.some((one) => hasOpenTest(one) || one.columns.some(hasOpenTest)) ||
    sources.some(({ sourceDescription }) => holdsTemplate(sourceDescription)) ||
    entryKinds.some((key) =>
      (properties[key] ?? []).some(({ entry }) => holdsTemplate(textOf(entry))),
    )
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
    if (!isOpen(one)) return one;
    const { description, dataType, constraints, place } = one;
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
    // Without a file of its own: a fault is told where the description stands.
    const renderText = (text: string): Promise<string> =>
      renderNode(reading, stillMoment, node, parseTemplate(text, { file: '<description>' }), extra);
    const words = {
      description,
      ...(dataType ? { dataType } : {}),
      ...(constraints ? { constraints } : {}),
    };
    try {
      const rendered = (await renderHeld(words, renderText)) as typeof words;
      return { ...one, ...rendered, docBlocks: [...used] };
    } catch (error) {
      reportTemplateError(error, place, faults);
      return one;
    }
  };
}

async function renderProperties(properties: Properties, render: Render): Promise<Properties> {
  const { patches, sources } = properties;
  const testOf = async (test: TestEntry): Promise<TestEntry> => {
    const { description, place } = test;
    if (!holdsTemplate(description)) return test;
    return { ...test, ...(await render({ description: description ?? '', place })) };
  };
  const withTests = async <T extends Described & Tested>(one: T): Promise<T> => ({
    ...(await render(one)),
    tests: await Promise.all(one.tests.map(testOf)),
  });
  const columnsOf = (columns: readonly ColumnPatch[]): Promise<ColumnPatch[]> =>
    Promise.all(columns.map(withTests));
  const patchOf = async (patch: NodePatch): Promise<NodePatch> => ({
    ...(await withTests(patch)),
    columns: await columnsOf(patch.columns),
    ...(patch.versions ? { versions: await Promise.all(patch.versions.map(versionOf)) } : {}),
  });
  const versionOf = async (version: ModelVersion): Promise<ModelVersion> => ({
    ...version,
    patch: await patchOf(version.patch),
  });
  const entryOf = async (one: PlacedEntry): Promise<PlacedEntry> => {
    if (one.entry['description'] === undefined) return one;
    const described = await render({ ...one, description: textOf(one.entry) });
    const { description, ...others } = described;
    return { ...others, entry: { ...one.entry, description } };
  };
  return {
    ...properties,
    patches: await Promise.all(patches.map(patchOf)),
    sources: await Promise.all(
      sources.map(async (table) => ({
        ...(await withTests(table)),
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
