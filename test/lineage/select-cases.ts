/** A select over `shop.orders` and `shop.customers`, and what each of its columns follows from. */
export interface SelectCase {
  readonly what: string;
  readonly sql: string;
  /** `name =copied.from ~computed.from kind:from`, sorted; `#1` has no name of its own. */
  readonly columns: readonly string[];
  /** What chooses the rows. */
  readonly rows?: string;
}

export const selectCases: readonly SelectCase[] = [
  {
    what: 'tells a copy from an expression',
    sql: 'select id, id as key, amount * 2 as twice, (status) as state, 1 as one from shop.orders',
    columns: [
      'id =orders.id',
      'key =orders.id',
      'twice ~orders.amount',
      'state =orders.status',
      'one',
    ],
  },
  {
    what: 'takes from its order what an ordered aggregate answers',
    sql: 'select mode() within group (order by status) as most, percentile_disc(0.5) within group (order by amount desc) as half from shop.orders',
    columns: ['most ~orders.status', 'half ~orders.amount'],
  },
  {
    what: 'opens a star',
    sql: 'select * from shop.customers',
    columns: ['id =customers.id', 'name =customers.name', 'email =customers.email'],
  },
  {
    what: 'opens a star with exclude and replace',
    sql: `select * exclude (tags, address) replace (upper(email) as status)
      from shop.orders, (select max(email) as email from shop.customers) as c`,
    columns: [
      'id =orders.id',
      'customer_id =orders.customer_id',
      'amount =orders.amount',
      'status ~customers.email',
      'email ~customers.email',
    ],
  },
  {
    what: 'opens a star with rename',
    sql: 'select * exclude (name) rename (id as number) from shop.customers',
    columns: ['number =customers.id', 'email =customers.email'],
  },
  {
    what: 'excludes a column of one table by its full name',
    sql: `select * exclude (c.id, o.tags, o.address) from shop.orders as o
      inner join shop.customers as c on c.id = o.customer_id`,
    columns: [
      'id =orders.id',
      'customer_id =orders.customer_id',
      'amount =orders.amount',
      'status =orders.status',
      'name =customers.name',
      'email =customers.email',
    ],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'shows a column of using once, from the left',
    sql: `select * exclude (tags, address) from shop.orders as o
      left join (select id as customer_id, email from shop.customers) as c using (customer_id)`,
    columns: [
      'id =orders.id',
      'customer_id =orders.customer_id',
      'amount =orders.amount',
      'status =orders.status',
      'email =customers.email',
    ],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'shows a column of using from both sides of a full join',
    sql: `select customer_id, o.customer_id as mine, c.customer_id as theirs
      from shop.orders as o
      full join (select id as customer_id from shop.customers) as c using (customer_id)`,
    columns: [
      'customer_id =customers.id =orders.customer_id',
      'mine =orders.customer_id',
      'theirs =customers.id',
    ],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'joins naturally by the names both have',
    sql: 'select id, name from shop.orders natural join shop.customers',
    columns: ['id =orders.id', 'name =customers.name'],
    rows: 'join:customers.id join:orders.id',
  },
  {
    what: 'keeps only the left side of a semi join',
    sql: 'select * from shop.customers semi join shop.orders on customers.id = orders.customer_id',
    columns: ['id =customers.id', 'name =customers.name', 'email =customers.email'],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'numbers columns of one name in a subquery',
    sql: `select id, id_1, name from (
      select * from shop.orders as o inner join shop.customers as c on c.id = o.customer_id) as both_sides`,
    columns: ['id =orders.id', 'id_1 =customers.id', 'name =customers.name'],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'goes through common table expressions that shadow tables',
    sql: `with orders as (select id, amount + 1 as amount from shop.orders where status = '1'),
      twice as (select *, amount as again from orders)
      select again, o.amount from twice inner join orders as o using (id)`,
    columns: ['again ~orders.amount', 'amount ~orders.amount'],
    rows: 'filter:orders.status join:orders.id',
  },
  {
    what: 'renames columns of a subquery, a table and a common table expression',
    sql: `with c(x, y) as (select id, name from shop.customers)
      select c.y, s.b, o.k from c, (select id, amount from shop.orders) as s(a, b),
        shop.orders as o(k)`,
    columns: ['y =customers.name', 'b =orders.amount', 'k =orders.id'],
  },
  {
    what: 'unites by place',
    sql: 'select id, name from shop.customers union all select customer_id, upper(status) from shop.orders',
    columns: ['id =customers.id =orders.customer_id', 'name =customers.name ~orders.status'],
  },
  {
    what: 'unites by name',
    sql: 'select id, name from shop.customers union all by name select status as name, amount from shop.orders',
    columns: ['id =customers.id', 'name =customers.name =orders.status', 'amount =orders.amount'],
  },
  {
    what: 'unites distinct rows: all columns choose them',
    sql: 'select name from shop.customers union select status from shop.orders',
    columns: ['name =customers.name =orders.status'],
    rows: 'group:customers.name group:orders.status',
  },
  {
    what: 'takes what is left out as a filter',
    sql: 'select id from shop.customers except select customer_id from shop.orders where amount > 2',
    columns: ['id =customers.id'],
    rows: 'filter:customers.id filter:orders.amount filter:orders.customer_id',
  },
  {
    what: 'names an alias of its own list',
    sql: 'select amount * 2 as twice, twice + id as more, twice as same from shop.orders',
    columns: ['twice ~orders.amount', 'more ~orders.amount ~orders.id', 'same ~orders.amount'],
  },
  {
    what: 'groups and filters',
    sql: `select status, sum(amount) filter (where id > 1) as total, count(*) as n
      from shop.orders where customer_id > 1 group by 1 having max(amount) > 1`,
    columns: ['status =orders.status', 'total filter:orders.id ~orders.amount', 'n'],
    rows: 'filter:orders.amount filter:orders.customer_id group:orders.status',
  },
  {
    what: 'orders what an aggregate gathers',
    sql: "select string_agg(name, ',' order by email) as names, list(name order by id) as l from shop.customers",
    columns: [
      'names order:customers.email ~customers.name',
      'l order:customers.id ~customers.name',
    ],
  },
  {
    what: 'reads windows, named ones too',
    sql: `select id, sum(amount) over (partition by customer_id order by id) as running,
        last_value(status ignore nulls) over w as last
      from shop.orders window w as (partition by customer_id order by amount, id
        rows between unbounded preceding and unbounded following)`,
    columns: [
      'id =orders.id',
      'running order:orders.id window:orders.customer_id ~orders.amount',
      'last order:orders.amount order:orders.id window:orders.customer_id ~orders.status',
    ],
  },
  {
    what: 'filters by a window with qualify',
    sql: `select id from shop.orders
      qualify row_number() over (partition by customer_id order by amount desc, id) = 1`,
    columns: ['id =orders.id'],
    rows: 'order:orders.amount order:orders.id window:orders.customer_id',
  },
  {
    what: 'orders rows only where some are left out',
    sql: 'select name from shop.customers order by email limit 2',
    columns: ['name =customers.name'],
    rows: 'order:customers.email',
  },
  {
    what: 'orders rows where the first are left out',
    sql: 'select id, name from shop.customers order by email offset 2',
    columns: ['id =customers.id', 'name =customers.name'],
    rows: 'order:customers.email',
  },
  {
    what: 'orders united rows where some are left out, by what the first part names them',
    sql: `select id, name from shop.customers union all select id, status from shop.orders
      order by name limit 3`,
    columns: ['id =customers.id =orders.id', 'name =customers.name =orders.status'],
    rows: 'order:customers.name order:orders.status',
  },
  {
    what: 'orders bracketed parts where some are left out',
    sql: `(select id, name from shop.customers) union all (select id, status from shop.orders)
      order by 2 limit 3`,
    columns: ['id =customers.id =orders.id', 'name =customers.name =orders.status'],
    rows: 'order:customers.name order:orders.status',
  },
  {
    what: 'has no use for an order of all rows',
    sql: 'select name from shop.customers order by email',
    columns: ['name =customers.name'],
  },
  {
    what: 'keeps one row of each group with distinct on',
    sql: 'select distinct on (customer_id) customer_id, amount from shop.orders order by id',
    columns: ['customer_id =orders.customer_id', 'amount =orders.amount'],
    rows: 'group:orders.customer_id order:orders.id',
  },
  {
    what: 'takes fields of structs in every spelling',
    sql: `select address.city, orders.address.zip, shop.orders.address.city as full_name,
        (orders.address).zip as z, address['city'] as c from shop.orders`,
    columns: [
      'city ~orders.address',
      'zip ~orders.address',
      'full_name ~orders.address',
      'z ~orders.address',
      'c ~orders.address',
    ],
  },
  {
    what: 'packs structs and takes them apart again',
    sql: `select packed.n, packed.s.e from (
      select struct_pack(n := name, s := {'e': email}) as packed from shop.customers) as p`,
    columns: ['n =customers.name', 'e =customers.email'],
  },
  {
    what: 'keeps fields apart where structs are chosen among others',
    sql: `with o as (
        select id, last_value(case when customer_id > 1 then struct_pack(a := amount, s := status) end
          ignore nulls) over (order by id) as last from shop.orders
      ), f as (select id, case when not last.s = '2' then last end as fine from o)
      select fine.a, coalesce(fine.a, 0) as b, fine['s'] as s, fine is not null as there from f`,
    columns: [
      'a order:orders.id ~orders.amount ~orders.customer_id ~orders.status',
      'b order:orders.id ~orders.amount ~orders.customer_id ~orders.status',
      's order:orders.id ~orders.customer_id ~orders.status',
      'there order:orders.id ~orders.customer_id ~orders.status',
    ],
  },
  {
    what: 'keeps fields apart only where all choices have them',
    sql: `select coalesce(packed, address).city as city from (
      select struct_pack(city := status, zip := id) as packed, address from shop.orders) as o`,
    columns: ['city ~orders.address ~orders.id ~orders.status'],
  },
  {
    what: 'takes a field of a whole row',
    sql: 'select (c).email as e, c.name as n from shop.customers as c',
    columns: ['e =customers.email', 'n =customers.name'],
  },
  {
    what: 'takes a whole row',
    sql: 'select c as whole from shop.customers as c',
    columns: ['whole ~customers.email ~customers.id ~customers.name'],
  },
  {
    what: 'opens lists beside their row',
    sql: 'select id, tag, unnest(tags) as again from shop.orders, unnest(tags) as t(tag)',
    columns: ['id =orders.id', 'tag ~orders.tags', 'again ~orders.tags'],
    rows: 'join:orders.tags',
  },
  {
    what: 'joins a lateral subquery',
    sql: `select c.name, top.amount from shop.customers as c
      left join lateral (
        select amount from shop.orders as o where o.customer_id = c.id order by o.id limit 1
      ) as top on true`,
    columns: ['name =customers.name', 'amount =orders.amount'],
    rows: 'filter:customers.id filter:orders.customer_id order:orders.id',
  },
  {
    what: 'computes with scalar subqueries and asks whether rows exist',
    sql: `select id, (select max(amount) from shop.orders as o where o.customer_id = c.id) as most
      from shop.customers as c
      where exists (select 1 from shop.orders as o where o.customer_id = c.id and status = '1')
        and id in (select customer_id from shop.orders)`,
    columns: [
      'id =customers.id',
      'most filter:customers.id filter:orders.customer_id ~orders.amount',
    ],
    rows: 'filter:customers.id filter:orders.customer_id filter:orders.status',
  },
  {
    what: 'binds the names of lambdas and list comprehensions',
    sql: `select list_transform(tags, lambda id: id || status) as a, [id || amount for id in tags if id > name] as b
      from shop.orders, (select max(name) as name from shop.customers) as c`,
    columns: ['a ~orders.status ~orders.tags', 'b ~customers.name ~orders.amount ~orders.tags'],
  },
  {
    what: 'follows a recursion',
    sql: `with recursive chain(id, root) as (
        select id, name from shop.customers
        union
        select o.customer_id, chain.root || o.status from shop.orders as o
          inner join chain on chain.id = o.id where length(chain.root) < 3
      ) select id, root from chain`,
    columns: ['id =customers.id =orders.customer_id', 'root ~customers.name ~orders.status'],
    rows: 'filter:customers.name filter:orders.status group:customers.id group:customers.name group:orders.customer_id group:orders.status join:customers.id join:orders.customer_id join:orders.id',
  },
  {
    what: 'knows that values come from nowhere',
    sql: "select v.x, v.y, col0 from (values (1, 'a'), (2, 'b')) as v(x, y), (values (3)) as w",
    columns: ['x', 'y', 'col0'],
  },
  {
    what: 'computes by case, cast and coalesce',
    sql: `select case when status = '1' then amount else id end as c, amount::int as i,
        coalesce(status, tags[1]) as s from shop.orders`,
    columns: [
      'c ~orders.amount ~orders.id ~orders.status',
      'i ~orders.amount',
      's ~orders.status ~orders.tags',
    ],
  },
  {
    what: 'reads names whatever their case, and quoted ones',
    sql: 'select "ID", Name, "customers"."EMAIL" as "E Mail" from SHOP."Customers" as customers',
    columns: ['id =customers.id', 'name =customers.name', 'E Mail =customers.email'],
  },
  {
    what: 'starts with from',
    sql: 'from shop.customers select name where id > 1',
    columns: ['name =customers.name'],
    rows: 'filter:customers.id',
  },
  {
    what: 'nests joins in brackets',
    sql: `select j.name, j.amount from (
      shop.customers as c inner join shop.orders as o on o.customer_id = c.id) as j`,
    columns: ['name =customers.name', 'amount =orders.amount'],
    rows: 'join:customers.id join:orders.customer_id',
  },
  {
    what: 'reads a name that the warehouse made up',
    sql: 'select "max(amount)" as most from (select max(amount), min(id) from shop.orders) as s',
    columns: ['most ~orders.amount ~orders.id'],
  },
  {
    what: 'counts over tables from functions',
    sql: 'select r.i, o.id from range(2) as r(i), shop.orders as o where r.i >= 0',
    columns: ['i', 'id =orders.id'],
  },
];

export const selectGaps: readonly { what: string; sql: string; reason: RegExp }[] = [
  {
    what: 'a star of a file',
    sql: "select * from read_csv('x.csv')",
    reason: /columns of a table or a function/,
  },
  {
    what: 'a table that is named by a text',
    sql: "select * from query_table('customers')",
    reason: /which tables "query_table\(…\)" reads/,
  },
  { what: 'a column by its position', sql: 'select #1 + 1 from shop.orders', reason: /position/ },
  {
    what: 'a table nobody knows',
    sql: 'select x from elsewhere.orders',
    reason: /elsewhere\.orders/,
  },
  { what: 'a column nobody has', sql: 'select nope from shop.orders', reason: /"nope"/ },
  { what: 'text that is no SQL', sql: 'select from where', reason: /cannot read it at line 1/ },
  { what: 'two statements', sql: 'select 1; select 2', reason: /one statement/ },
  { what: 'nothing', sql: '', reason: /one statement/ },
  {
    what: 'a statement nested deeper than the parser reads',
    sql: `select ${'('.repeat(40)}id${')'.repeat(40)} from shop.orders`,
    reason: /deeper than the parser reads/,
  },
  {
    what: 'an expression longer than the parser reads',
    sql: `select ${Array.from({ length: 900 }, () => 'status').join(' || ')} from shop.orders`,
    reason: /larger than the parser reads/,
  },
];
