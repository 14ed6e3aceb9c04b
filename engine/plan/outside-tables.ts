import type { RawBuilder } from 'kysely';
import { readsOf } from '../declare/checks.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { operationsOf } from '../declare/operation.ts';
import { TerminalError } from '../words/errors.ts';
import { once } from '../words/once.ts';
import type { Relation } from '../words/table.ts';
import type { Session, Shadow } from '../words/warehouse.ts';
import { companionColumns, companionsOf } from './identity-companions.ts';

/** A node as far as its reads go. */
interface Reader {
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly relation?: Relation;
  readonly nodeConfig?: { readonly preHooks?: readonly unknown[] };
}

/**
 * The shadow for selects that name tables themselves, without `ref` or `source`: what stands under
 * such a name is told to the shadow, and who reads it is noted.
 */
export interface OutsideTables {
  readonly shadow: Shadow;
  /** Nodes that name what no edge leads to: it has no version, so they are built at every run. */
  readonly readers: ReadonlySet<string>;
  /** Says whose selects are described from now on. */
  enter(node: Reader): void;
  /** Whether what the node lacks may be there when its turn comes. */
  mayComeYet(node: Reader, error: unknown): boolean;
}

interface OutsideRequest {
  readonly project: ModelProject;
  readonly shadow: Shadow;
  readonly session?: Session;
}

const keyOf = ({ schema, name }: Relation): string =>
  JSON.stringify([schema.toLowerCase(), name.toLowerCase()]);

export function watchOutsideTables({ project, shadow, session }: OutsideRequest): OutsideTables {
  const readers = new Set<string>();
  /** Nodes that read another database, which only what runs before them attaches. */
  const abroad = new Set<string>();
  const isHooked = operationsOf(project, 'start').length > 0;
  let current: Reader | undefined;
  let declared: ReadonlySet<string> | undefined;
  let namesDeclared: ReadonlySet<string> | undefined;

  const declaredNow = (): ReadonlySet<string> => {
    declared ??= new Set(current ? declaredBy(project, current) : []);
    return declared;
  };
  const declaredNames = (): ReadonlySet<string> => {
    namesDeclared ??= new Set([...declaredNow()].map((key) => String(JSON.parse(key)[1])));
    return namesDeclared;
  };
  /**
   * Names that no edge accounts for, undefined in place of one in another database; who reads them
   * is noted.
   */
  const namesIn = async (
    statement: RawBuilder<unknown>,
    mayBe?: (name: string) => boolean,
  ): Promise<(Relation | undefined)[]> => {
    if (!current) return [];
    const names = (await shadow.tablesIn(statement, mayBe))
      .map((parts) => toRelation(parts, project.target.database))
      .filter((relation) => relation === undefined || !declaredNow().has(keyOf(relation)));
    if (names.length > 0) readers.add(current.id);
    if (names.includes(undefined)) abroad.add(current.id);
    return names;
  };
  const known = countNames(project);
  const made = new Set<string>();
  /** What a statement that could be described may name besides what its node declares. */
  const isOther = (name: string): boolean => {
    const lower = name.toLowerCase();
    if (made.has(lower)) return true;
    const count = known().get(lower) ?? 0;
    return count > 1 || (count === 1 && !declaredNames().has(lower));
  };
  const findCompanion = companionsOf(project);
  /** What an identity that is built before will have made by then. */
  const foresee = async (relation: Relation) => {
    const companion = findCompanion(relation);
    if (!companion || !current) return undefined;
    const isBefore = project.graph.ancestorsOf([current.id]).has(companion.identity.id);
    return isBefore ? companionColumns(companion, shadow) : undefined;
  };
  const makeStanding = async (relation: Relation): Promise<boolean> => {
    if (await shadow.describe(relation)) return false;
    const columns = (await session?.describe(relation)) ?? (await foresee(relation));
    if (!columns) return false;
    await shadow.makeTables([{ relation, columns }]);
    made.add(relation.name.toLowerCase());
    return true;
  };
  return {
    readers,
    mayComeYet: ({ id, nodeConfig }, error) => {
      const code = error instanceof TerminalError ? error.code : undefined;
      const isPrepared = isHooked || (nodeConfig?.preHooks?.length ?? 0) > 0;
      // A function is made anew by every run: what it answers has no version either.
      if (code === 'function-not-found' && isPrepared) readers.add(id);
      if (code !== 'relation-not-found' && code !== 'function-not-found') return false;
      return readers.has(id) && (isPrepared || abroad.has(id));
    },
    enter: (node) => {
      current = node;
      declared = undefined;
      namesDeclared = undefined;
    },
    shadow: {
      ...shadow,
      describeQuery: async (statement) => {
        try {
          const columns = await shadow.describeQuery(statement);
          await namesIn(statement, isOther);
          return columns;
        } catch (error) {
          let isMade = false;
          let beside: ModelNode | undefined;
          for (const relation of await namesIn(statement)) {
            if (!relation) continue;
            if (await makeStanding(relation)) isMade = true;
            else beside ??= findCompanion(relation)?.identity;
          }
          if (!isMade) throw beside && isMissing(error) ? explain(error, beside) : error;
          return shadow.describeQuery(statement);
        }
      },
    },
  };
}

const isMissing = (error: unknown): error is TerminalError =>
  error instanceof TerminalError && error.code === 'relation-not-found';

/** Only a `ref` says what is built first: nothing leads from a table to the node that makes it. */
function explain(error: TerminalError, { name }: ModelNode): TerminalError {
  const [said = ''] = error.message.split('\n');
  return new TerminalError(said, {
    code: error.code,
    hint: `it stands beside the identity ${name}: write -- depends_on: {{ ref('${name}') }}, so that it is built first`,
    cause: error,
  });
}

/** How many relations of the project bear each name. */
function countNames(project: ModelProject): () => ReadonlyMap<string, number> {
  return once(() => {
    const counts = new Map<string, number>();
    for (const node of project.nodes.values()) {
      const name = 'relation' in node ? node.relation.name.toLowerCase() : undefined;
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  });
}

function* declaredBy(project: ModelProject, node: Reader): Iterable<string> {
  if (node.relation) yield keyOf(node.relation);
  for (const id of readsOf(project, node)) {
    const parent = project.nodes.get(id);
    if (parent && 'relation' in parent) yield keyOf(parent.relation);
  }
}

function toRelation(parts: readonly string[], database: string): Relation | undefined {
  const [name = '', schema = 'main', catalog = database] = parts.toReversed();
  return catalog.toLowerCase() === database.toLowerCase() ? { schema, name } : undefined;
}
