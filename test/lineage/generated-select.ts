import fc from 'fast-check';
import type { InputTable } from './perturb.ts';

const textColumns = (names: string) =>
  [...names].map((name) => ({ name, typeName: 'VARCHAR' }) as const);

/** Tables of texts, so that any column goes wherever another does; some names are in both. */
export const looseTables: readonly InputTable[] = [
  { schema: 'loose', name: 'one', columns: textColumns('abcd') },
  { schema: 'loose', name: 'two', columns: textColumns('abef') },
];

/** A query and the names of its columns, all of them texts and no name twice. */
interface Query {
  readonly sql: string;
  readonly columns: readonly string[];
}

/** Numbers that choose columns, whatever their number is. */
type Dice = readonly number[];

const bases: readonly Query[] = [
  { sql: 'select * from loose.one', columns: [...'abcd'] },
  { sql: 'from loose.two', columns: [...'abef'] },
  { sql: 'from loose.one select d, c, a', columns: [...'dca'] },
  { sql: "select f as a, coalesce(b, e) as g, '1' as h from loose.two", columns: [...'agh'] },
];

/** Tools for one step: the columns that its dice choose, and names that are free. */
function chooser({ columns }: Query, dice: Dice) {
  const pick = (place: number): string => {
    const at = dice[place % dice.length] ?? 0;
    return quote(columns[(at + place) % columns.length] ?? '');
  };
  const isFree = (name: string): boolean => !columns.includes(name);
  const free = [...'pqrstuvwxyz'].filter(isFree);
  const without = (...gone: readonly string[]) =>
    columns.filter((one) => !gone.includes(quote(one)));
  return { pick, free: (place: number) => free[place] ?? `free_${place}`, without };
}

const quote = (name: string): string => `"${name}"`;

type Step = (query: Query, dice: Dice) => Query;

/** Steps over one query. */
const steps: readonly Step[] = [
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    const [x, y] = [free(0), free(1)];
    return {
      sql: `select *, ${pick(0)} || ${pick(1)} as ${x}, ${x} || ${pick(2)} as ${y} from (${query.sql}) as t`,
      columns: [...query.columns, x, y],
    };
  },
  (query, dice) => {
    const { pick } = chooser(query, dice);
    return { ...query, sql: `select * from (${query.sql}) as t where ${pick(0)} > ${pick(1)}` };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    const [from, to] = [pick(0), free(0)];
    if (from === pick(2)) return query;
    return {
      sql: `select * replace (upper(${pick(1)}) as ${pick(2)}) rename (${from} as ${to}) from (${query.sql}) as t`,
      columns: query.columns.map((name) => (quote(name) === from ? to : name)),
    };
  },
  (query, dice) => {
    const { pick, free, without } = chooser(query, dice);
    const gone = pick(0);
    return {
      sql: `select columns(* exclude (${gone})), max(${gone}) over (partition by ${pick(1)}) as ${free(0)}
        from (${query.sql}) as t`,
      columns: [...without(gone), free(0)],
    };
  },
  (query, dice) => {
    const { pick, without } = chooser(query, dice);
    const key = pick(0);
    const rest = without(key);
    if (rest.length === 0) return query;
    return {
      sql: `select ${key}, max(columns('^(${rest.join('|')})$')) from (${query.sql}) as t group by all`,
      columns: [key.slice(1, -1), ...query.columns.filter((name) => rest.includes(name))],
    };
  },
  (query, dice) => {
    const { pick, without } = chooser(query, dice);
    const key = pick(1);
    if (without(key).length === 0) return query;
    return {
      sql: `select columns(lambda c: c <> '${key.slice(1, -1)}') from (${query.sql}) as t`,
      columns: without(key),
    };
  },
  (query, dice) => {
    const { pick } = chooser(query, dice);
    const [on, group] = [pick(0), pick(1)];
    if (on === group) return query;
    return {
      sql: `select * from (pivot (${query.sql}) on ${on} in ('1', '4') using max(${pick(2)}) group by ${group}) as p`,
      columns: [group.slice(1, -1), '1', '4'],
    };
  },
  (query, dice) => {
    const { pick, without } = chooser(query, dice);
    const [on, value] = [pick(0), pick(1)];
    if (on === value || without(on, value).includes('5')) return query;
    return {
      sql: `select * from (${query.sql}) pivot (min(${value}) for ${on} in ('2', '5')) as p`,
      columns: [...without(on, value), '2', '5'],
    };
  },
  (query, dice) => {
    const { pick, free, without } = chooser(query, dice);
    const [one, other] = [pick(0), pick(1)];
    if (one === other) return query;
    const nulls = dice[0] === 0 ? 'include nulls' : '';
    return {
      sql: `select * from (${query.sql}) as t unpivot ${nulls} (${free(0)} for ${free(1)} in (${one}, ${other}))`,
      columns: [...without(one, other), free(1), free(0)],
    };
  },
  (query, dice) => {
    const { pick, free, without } = chooser(query, dice);
    const one = pick(0);
    return {
      sql: `from (unpivot (${query.sql}) on columns('^${one.slice(1, -1)}$') into name ${free(0)} value ${free(1)})`,
      columns: [...without(one), free(0), free(1)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `select ${pick(0)}, last_value(${pick(1)}) over w as ${free(0)} from (${query.sql}) as t
        window w as (partition by ${pick(2)} order by ${pick(3)}, ${pick(1)})
        qualify row_number() over (w rows unbounded preceding) < 3`,
      columns: [pick(0).slice(1, -1), free(0)],
    };
  },
  (query, dice) => {
    const { pick, without } = chooser(query, dice);
    const key = pick(0);
    const all = without(key).map(quote).join(', ');
    const order = all === '' ? key : all;
    return {
      ...query,
      sql: `select distinct on (${key}) * from (${query.sql}) as t order by ${order}`,
    };
  },
  (query) => ({ ...query, sql: `select * from (${query.sql}) as t order by all limit 3` }),
  (query, dice) => {
    const { pick } = chooser(query, dice);
    const ordered = `select * from (${query.sql}) as t order by ${pick(0)}, ${pick(1)}`;
    return { ...query, sql: `select * from (${ordered}) as t limit 4` };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `with t as (select * from (${query.sql}) order by ${pick(1)})
        select ${pick(0)}, first(${pick(2)}) as ${free(0)}, max(n) as ${free(1)}
        from (select *, (row_number() over ())::varchar as n from t) group by 1`,
      columns: [pick(0).slice(1, -1), free(0), free(1)],
    };
  },
  (query) => ({ ...query, sql: `select distinct * from (${query.sql}) as t` }),
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `with packed as (select struct_pack(${free(0)} := ${pick(0)}, ${free(1)} := ${pick(1)}) as s,
          ${pick(2)} as ${free(2)} from (${query.sql}) as t)
        select s.*, ${free(2)} from packed`,
      columns: [free(0), free(1), free(2)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `select * from (select unnest([{'${free(0)}': ${pick(0)}, '${free(1)}': ${pick(1)}}], recursive := true),
          ${pick(2)} as ${free(2)} from (${query.sql}) as t)`,
      columns: [free(0), free(1), free(2)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `select ${pick(0)}, array_to_string([x || ${pick(1)} for x, i in [${pick(2)}, '9'] if x > ${pick(3)}], ',') as ${free(0)}
        from (${query.sql}) as t`,
      columns: [pick(0).slice(1, -1), free(0)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `select ${pick(0)} as ${free(0)}, (select max(e) from loose.two as u where u.a = t.${pick(1)}) as ${free(1)}
        from (${query.sql}) as t where ${pick(2)} in (select b from loose.two where f > '2') or ${pick(3)} > '3'`,
      columns: [free(0), free(1)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `with recursive deep(k, v) as (
          select ${pick(0)}, ${pick(1)} from (${query.sql}) as t
          union select u.b, deep.v from loose.two as u join deep on u.a = deep.k where u.f > '3'
        ) select k as ${free(0)}, v as ${free(1)} from deep`,
      columns: [free(0), free(1)],
    };
  },
  (query, dice) => {
    const { pick, free } = chooser(query, dice);
    return {
      sql: `select ${pick(0)}, ${pick(1)} as ${free(0)}, count(*)::varchar as ${free(1)},
          string_agg(${pick(2)}, ',' order by ${pick(2)}) filter (${pick(3)} > '2') as ${free(2)}
        from (${query.sql}) as t group by rollup (${pick(0)}, ${pick(1)}) having max(${pick(3)}) > '1'`,
      columns: [pick(0).slice(1, -1), free(0), free(1), free(2)],
    };
  },
  (query, dice) => {
    const { pick } = chooser(query, dice);
    return {
      ...query,
      sql: `with one as (${query.sql}) select * from one where ${pick(0)} is not null`,
    };
  },
];

type Join = (left: Query, right: Query, dice: Dice) => Query;

function sharedOf(left: Query, right: Query): string | undefined {
  return left.columns.find((name) => right.columns.includes(name));
}

/** All columns of the left, and those of the right that it has not. */
function joinWhole(left: Query, right: Query): Query {
  const others = right.columns.filter((name) => !left.columns.includes(name));
  const list = ['l.*', ...others.map((name) => `r.${quote(name)}`)];
  return { sql: `select ${list.join(', ')} from`, columns: [...left.columns, ...others] };
}

const kinds = ['inner', 'left', 'right', 'full'];
const kindOf = (dice: Dice): string => kinds[(dice[0] ?? 0) % kinds.length] ?? 'inner';

/** Steps over two queries. */
const joins: readonly Join[] = [
  (left, right, dice) => {
    const { sql, columns } = joinWhole(left, right);
    const on = `l.${chooser(left, dice).pick(0)} = r.${chooser(right, dice).pick(1)}`;
    return {
      sql: `${sql} (${left.sql}) as l ${kindOf(dice)} join (${right.sql}) as r on ${on}`,
      columns,
    };
  },
  (left, right, dice) => {
    const shared = sharedOf(left, right);
    if (shared === undefined) return left;
    const others = right.columns.filter((name) => !left.columns.includes(name));
    const exclude = right.columns.filter((name) => name !== shared && left.columns.includes(name));
    const gone =
      exclude.length > 0 ? `exclude (${exclude.map((name) => `r.${quote(name)}`).join(', ')})` : '';
    return {
      sql: `select * ${gone} from (${left.sql}) as l ${kindOf(dice)} join (${right.sql}) as r using (${quote(shared)})`,
      columns: [...left.columns, ...others],
    };
  },
  (left, right, dice) => {
    const kind = (dice[0] ?? 0) % 2 === 0 ? 'semi' : 'anti';
    const on = `l.${chooser(left, dice).pick(0)} = r.${chooser(right, dice).pick(1)}`;
    return { ...left, sql: `from (${left.sql}) as l ${kind} join (${right.sql}) as r on ${on}` };
  },
  (left, right, dice) => {
    const { sql, columns } = joinWhole(left, right);
    const on = `l.${chooser(left, dice).pick(0)} >= r.${chooser(right, dice).pick(1)}`;
    return {
      sql: `${sql} (${left.sql}) as l asof left join (${right.sql}) as r on ${on}`,
      columns,
    };
  },
  (left, right) => {
    const { sql, columns } = joinWhole(left, right);
    const inOrder = ({ sql }: Query): string => `(select * from (${sql}) order by all)`;
    return { sql: `${sql} ${inOrder(left)} as l positional join ${inOrder(right)} as r`, columns };
  },
  (left, right) => ({
    sql: `(${left.sql}) union all by name (${right.sql})`,
    columns: [...left.columns, ...right.columns.filter((name) => !left.columns.includes(name))],
  }),
  (left, right, dice) => {
    const width = Math.min(left.columns.length, right.columns.length);
    const cut = ({ sql, columns }: Query) =>
      `select ${columns.slice(0, width).map(quote).join(', ')} from (${sql}) as t`;
    const sets = ['union', 'union all', 'intersect', 'except'];
    const set = sets[(dice[1] ?? 0) % sets.length] ?? 'union';
    return { sql: `${cut(left)} ${set} ${cut(right)}`, columns: left.columns.slice(0, width) };
  },
  (left, right, dice) => {
    const { pick, free } = chooser(left, dice);
    const inner = chooser(right, dice);
    return {
      sql: `select l.*, x.m as ${free(0)} from (${left.sql}) as l, lateral (
        select max(${inner.pick(0)}) as m from (${right.sql}) as r where r.${inner.pick(1)} > l.${pick(0)}) as x`,
      columns: [...left.columns, free(0)],
    };
  },
];

const dice = fc.array(fc.nat(6), { minLength: 4, maxLength: 4 });
const base = fc.nat(bases.length - 1).map((at) => bases[at] ?? { sql: '', columns: [] });

const chain = (from: fc.Arbitrary<Query>, stepsMax: number): fc.Arbitrary<Query> =>
  fc
    .tuple(from, fc.array(fc.tuple(fc.nat(steps.length - 1), dice), { maxLength: stepsMax }))
    .map(([query, turns]) =>
      turns.reduce((before, [at, thrown]) => steps[at]?.(before, thrown) ?? before, query),
    );

const joined = fc
  .tuple(chain(base, 2), chain(base, 2), fc.nat(joins.length - 1), dice)
  .map(([left, right, at, thrown]) => joins[at]?.(left, right, thrown) ?? left);

/** Selects of a few steps over `loose.one` and `loose.two`. */
export const generatedSelect: fc.Arbitrary<string> = fc
  .oneof(chain(base, 4), chain(joined, 2))
  .map(({ sql }) => sql);
