import { isSourceNode, type SourceNode } from '../declare/model-node.ts';
import { planSchema } from '../steps/land-schema.ts';
import { rawTable } from '../steps/land-tables.ts';
import { rawColumns } from '../words/table.ts';
import type { Catalog } from './catalog.ts';
import type { ChosenStream } from './choose-streams.ts';
import type { Work } from './work.ts';

/** What became of a field between what landed of it and what the source offers now. */
export interface FieldChange {
  /**
   * removed: its column is null from now on. moved: it has another type, its values go to another
   * column. retyped: its column becomes wider.
   */
  readonly change: 'removed' | 'moved' | 'retyped';
  /** `connection.Stream.field` */
  readonly label: string;
  readonly column: string;
  readonly message: string;
  /** Ids of the sources that hold the column. */
  readonly sources: readonly string[];
}

const ownNames: ReadonlySet<string> = new Set([...rawColumns, '_extra']);

/** Compares each stream that was asked for with its raw table. Reads nothing but the catalog. */
export function findFieldChanges(work: Work, catalog: Catalog): FieldChange[] {
  const sources = [...(work.models?.nodes.values() ?? [])].filter(isSourceNode);
  return [...work.streams.chosen].flatMap(([id, chosen]) => {
    const mine = sources.filter(({ streamId }) => streamId === id);
    return mine.length === 0 ? [] : compareStream(chosen, mine, catalog);
  });
}

function compareStream(
  { connection, stream, settings }: ChosenStream,
  sources: readonly SourceNode[],
  catalog: Catalog,
): FieldChange[] {
  const standing = catalog.columnsOf(rawTable(connection, stream.name));
  if (!standing) return [];
  const plan = planSchema(standing, stream, settings);
  const filled = new Set(plan.targets.map(({ name }) => name.toLowerCase()));
  const moved = new Map(
    plan.targets
      .filter(({ source, name }) => source.name.toLowerCase() !== name.toLowerCase())
      .map((target) => [target.source.name.toLowerCase(), target]),
  );
  const describe = (name: string): Pick<FieldChange, 'change' | 'message'> | undefined => {
    const lower = name.toLowerCase();
    const target = moved.get(lower);
    if (target) {
      const message = `is ${target.source.type} now: its values go to "${target.name}"`;
      return { change: 'moved', message };
    }
    if (plan.widened.includes(name)) {
      const now = plan.columns.find((column) => column.name === name)?.type;
      return { change: 'retyped', message: `becomes ${now ?? 'wider'}` };
    }
    if (filled.has(lower) || isFormer(lower, stream)) return undefined;
    const isLeftOut =
      settings.exclude?.includes(name) === true || settings.fields?.includes(name) === false;
    const why = isLeftOut ? 'is left out by its declaration' : 'is not there any more';
    return { change: 'removed', message: `${why}: its column is null for new versions` };
  };
  return standing.flatMap(({ name }) => {
    const found = ownNames.has(name) ? undefined : describe(name);
    if (!found) return [];
    const label = `${connection}.${stream.name}.${name}`;
    return [{ ...found, label, column: name, sources: sources.map(({ id }) => id) }];
  });
}

/** A column beside a field's own, which took its values while it was of another type. */
function isFormer(lower: string, stream: ChosenStream['stream']): boolean {
  return stream.columns.some(({ name }) => lower.startsWith(`${name.toLowerCase()}__`));
}
