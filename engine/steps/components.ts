import { type RawBuilder, sql } from 'kysely';
import { assertThat } from '../words/errors.ts';
import type { Session } from '../words/warehouse.ts';
import { countRows, dropTables } from './relation-statements.ts';

/**
 * Two rounds at least halve what is left to join: a root that stays a root in the second has taken
 * in a vertex in the first, or had a smaller neighbour by then. So 64 rounds are enough for 2^32
 * vertices, and pointers of depth 2^32 are followed in 32 jumps.
 */
const roundsMax = 64;
const jumpsMax = 64;

/**
 * Connected components, set at a time. `edges` is a table of pairs of texts (left_record,
 * right_record); leaves them as (record, component) in the table it answers, for every record that
 * has an edge. A component is called by its smallest record, whatever the order of anything.
 *
 * Each round hooks every vertex to its smallest neighbour, follows the hooks to their roots by
 * doubling, and goes on with the roots and the edges between them: a chain of ten thousand takes a
 * handful of rounds, where handing labels from neighbour to neighbour takes ten thousand.
 */
export async function connectComponents(
  session: Session,
  edges: RawBuilder<unknown>,
  signal: AbortSignal,
): Promise<RawBuilder<unknown>> {
  let serial = 0;
  const create = async (what: string, select: RawBuilder<unknown>) => {
    signal.throwIfAborted();
    serial += 1;
    const table = sql.id(`tidemill_${what}_${serial}`);
    await session.execute(sql`
      create temporary table ${table} as
      ${select}`);
    return table;
  };
  // Written down they would be twice the edges; what is left after the first round is few.
  const first = sql`(${bothWays(edges)})`;
  let links: RawBuilder<unknown> = first;
  let labels = await create('labels', firstLabels(links));
  for (let round = 1; (await countRows(session, sql`${links} as links`)) > 0; round += 1) {
    assertThat(round <= roundsMax, `components are connected within ${roundsMax} rounds`);
    let roots = await create('roots', hookVertices(links));
    for (let jump = 1; (await countRows(session, movable(roots))) > 0; jump += 1) {
      assertThat(jump <= jumpsMax, `roots are found within ${jumpsMax} jumps`);
      const next = await create('roots', followHooks(roots));
      await dropTables(session, [roots]);
      roots = next;
    }
    const nextLabels = await create('labels', relabel(labels, roots));
    const half = await create('links', contractVertices(links, roots));
    const nextLinks = await create('links', contractNeighbours(half, roots));
    await dropTables(session, [labels, half, roots, ...(links === first ? [] : [links])]);
    [labels, links] = [nextLabels, nextLinks];
  }
  if (links !== first) await dropTables(session, [links]);
  return labels;
}

function bothWays(edges: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select left_record as vertex, right_record as neighbour
    from ${edges}
    where left_record <> right_record
    union all
    select right_record, left_record
    from ${edges}
    where left_record <> right_record`;
}

function firstLabels(links: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select distinct vertex as record, vertex as component
    from ${links} as links`;
}

function hookVertices(links: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select vertex, least(vertex, min(neighbour)) as root
    from ${links} as links
    group by vertex`;
}

/** Vertices whose root is not yet a root itself, as a relation. */
function movable(roots: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`${roots} as hooked
    inner join ${roots} as above on above.vertex = hooked.root
    where above.root <> hooked.root`;
}

function followHooks(roots: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select hooked.vertex, above.root
    from ${roots} as hooked
    inner join ${roots} as above on above.vertex = hooked.root`;
}

function relabel(labels: RawBuilder<unknown>, roots: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    select labels.record, coalesce(roots.root, labels.component) as component
    from ${labels} as labels
    left join ${roots} as roots on roots.vertex = labels.component`;
}

/**
 * One end at a time: with both in one statement a planner may begin with all pairs of roots that
 * differ.
 */
function contractVertices(
  links: RawBuilder<unknown>,
  roots: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    select distinct roots.root as vertex, links.neighbour
    from ${links} as links
    inner join ${roots} as roots on roots.vertex = links.vertex`;
}

function contractNeighbours(
  links: RawBuilder<unknown>,
  roots: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`
    select distinct links.vertex, roots.root as neighbour
    from ${links} as links
    inner join ${roots} as roots
      on roots.vertex = links.neighbour
      and roots.root <> links.vertex`;
}
