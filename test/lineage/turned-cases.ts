import type { SelectCase } from './select-cases.ts';

/** Selects whose columns the parser alone cannot count: the warehouse says how many there are. */
export const turnedCases: readonly SelectCase[] = [
  {
    what: 'pivots a table: what is left groups, each value has a column',
    sql: `pivot (select customer_id, status, amount from shop.orders) on status in ('1', '2') using sum(amount)`,
    columns: [
      'customer_id =orders.customer_id',
      '1 filter:orders.status ~orders.amount',
      '2 filter:orders.status ~orders.amount',
    ],
    rows: 'group:orders.customer_id',
  },
  {
    what: 'pivots by values that nobody lists: they are in the names of the columns',
    sql: 'select customer_id, "2" as two from (pivot (select customer_id, status, amount from shop.orders) on status using sum(amount))',
    columns: ['customer_id =orders.customer_id', 'two ~orders.amount ~orders.status'],
    rows: 'group:orders.customer_id',
  },
  {
    what: 'pivots by declared groups, several aggregates at once',
    sql: `select * from (pivot shop.orders on status in ('1') using sum(amount) as total, max(id) as newest group by customer_id)`,
    columns: [
      'customer_id =orders.customer_id',
      '1_total filter:orders.status ~orders.amount ~orders.id',
      '1_newest filter:orders.status ~orders.amount ~orders.id',
    ],
    rows: 'group:orders.customer_id',
  },
  {
    what: 'pivots in from, and takes one of its columns',
    sql: `select customer_id, "1" || 'x' as one from (select customer_id, status, amount from shop.orders) pivot (max(amount) for status in ('1', '2'))`,
    columns: ['customer_id =orders.customer_id', 'one filter:orders.status ~orders.amount'],
    rows: 'group:orders.customer_id',
  },
  {
    what: 'finds a column of a pivot where an alias of the list has its name',
    sql: `select name as "1", "1" as one from shop.customers, (pivot shop.orders on status in ('1') using max(id) group by customer_id)`,
    columns: ['1 =customers.name', 'one =customers.name filter:orders.status ~orders.id'],
    rows: 'group:orders.customer_id',
  },
  {
    what: 'orders by a column of a pivot where some rows are left out',
    sql: `select * from (pivot shop.orders on status in ('1','2') using max(amount) group by customer_id) order by 2 limit 1`,
    columns: [
      'customer_id =orders.customer_id',
      '1 filter:orders.status ~orders.amount',
      '2 filter:orders.status ~orders.amount',
    ],
    rows: 'filter:orders.status group:orders.customer_id order:orders.amount',
  },
  {
    what: 'unpivots columns into rows',
    sql: 'unpivot (select id, name, email from shop.customers) on name, upper(email) as mail into name field value content',
    columns: ['id =customers.id', 'field', 'content =customers.name ~customers.email'],
    rows: 'filter:customers.email filter:customers.name',
  },
  {
    what: 'unpivots by a pattern, nulls too',
    sql: 'select id, n, v from (select id, name, email from shop.customers) unpivot include nulls (v for n in (name, email))',
    columns: ['id =customers.id', 'n', 'v =customers.email =customers.name'],
  },
  {
    what: 'unpivots by a pattern of names',
    sql: `from (unpivot shop.customers on columns('name|email') into name n value v)`,
    columns: ['id =customers.id', 'n', 'v =customers.email =customers.name'],
    rows: 'filter:customers.email filter:customers.name',
  },
  {
    what: 'unpivots pairs of columns',
    sql: `from (select id, name, email, id || '' as n, name || email as m from shop.customers) unpivot ((v, w) for k in ((name, email), (n, m)))`,
    columns: [
      'id =customers.id',
      'k',
      'v =customers.name ~customers.id',
      'w ~customers.email ~customers.name',
    ],
    rows: 'filter:customers.email filter:customers.id filter:customers.name',
  },
  {
    what: 'takes columns by a pattern',
    sql: `select columns('.*_?id') from shop.orders`,
    columns: ['id =orders.id', 'customer_id =orders.customer_id'],
  },
  {
    what: 'takes columns by a pattern and names them by its groups',
    sql: `select max(columns('(.*)_id')) as 'last_\\1', columns(* exclude (id, tags, address, amount)) from (select * from shop.orders) group by all`,
    columns: [
      'last_customer ~orders.customer_id',
      'customer_id =orders.customer_id',
      'status =orders.status',
    ],
    rows: 'group:orders.customer_id group:orders.status',
  },
  {
    what: 'takes columns by their names, of one table',
    sql: `select columns(['name', 'id']), columns(c.* exclude (id, name)) from shop.customers as c`,
    columns: ['id =customers.id', 'name =customers.name', 'email =customers.email'],
  },
  {
    what: 'filters by columns of a pattern, and unpacks them',
    sql: `select coalesce(*columns('name|email')) as known from shop.customers where columns('n.*|em.*') <> '2'`,
    columns: ['known ~customers.email ~customers.name'],
    rows: 'filter:customers.email filter:customers.name',
  },
  {
    what: 'says what a lambda chooses of all columns of its table',
    sql: `select columns(lambda c: c like '%m%'), (select max(id) from shop.orders) as last from shop.customers`,
    columns: [
      'name ~customers.email ~customers.id ~customers.name',
      'email ~customers.email ~customers.id ~customers.name',
      'last ~orders.id',
    ],
  },
  {
    what: 'opens a struct',
    sql: 'select address.*, id from shop.orders',
    columns: ['city ~orders.address', 'zip ~orders.address', 'id =orders.id'],
  },
  {
    what: 'opens a struct that was packed: each field is what went in',
    sql: 'select s.* from (select struct_pack(a := name, b := email) as s from shop.customers)',
    columns: ['a =customers.name', 'b =customers.email'],
  },
  {
    what: 'opens a list of structs into columns',
    sql: `select id, unnest([{'a': name, 'b': email}], recursive := true) from shop.customers`,
    columns: [
      'id =customers.id',
      'a ~customers.email ~customers.name',
      'b ~customers.email ~customers.name',
    ],
    rows: 'join:customers.email join:customers.name',
  },
  {
    what: 'opens structs inside of a subquery',
    sql: 'select zip, key from (select unnest(address), id as key from shop.orders)',
    columns: ['zip ~orders.address', 'key =orders.id ~orders.address'],
    rows: 'join:orders.address',
  },
  {
    what: 'summarizes: every figure may follow from every column',
    sql: `select column_name, max from (summarize select id, name from shop.customers where email > '2')`,
    columns: [
      'column_name ~customers.email ~customers.id ~customers.name',
      'max ~customers.email ~customers.id ~customers.name',
    ],
    rows: 'filter:customers.email filter:customers.id filter:customers.name',
  },
  {
    what: 'takes the rows of a table function',
    sql: 'select * from generate_series(1, 3)',
    columns: ['generate_series'],
  },
  {
    what: 'counts the place of what a comprehension walks through',
    sql: 'select [x || i for x, i in tags] as l from shop.orders',
    columns: ['l ~orders.tags'],
  },
  {
    what: 'groups by all that is no aggregate',
    sql: 'select upper(status) as state, customer_id, sum(amount) as total from shop.orders group by all',
    columns: ['state ~orders.status', 'customer_id =orders.customer_id', 'total ~orders.amount'],
    rows: 'group:orders.customer_id group:orders.status',
  },
  {
    what: 'joins rows by their places: what orders them decides',
    sql: 'select c.name, o.status from (select * from shop.customers order by email) as c positional join (select * from shop.orders order by amount) as o',
    columns: ['name =customers.name', 'status =orders.status'],
    rows: 'order:customers.email order:orders.amount',
  },
  {
    what: 'takes the first rows of a subquery that is in order',
    sql: 'select name from (select * from shop.customers order by email) limit 2',
    columns: ['name =customers.name'],
    rows: 'order:customers.email',
  },
  {
    what: 'numbers and gathers the rows of a subquery in their order',
    sql: 'select row_number() over () as n, max(name) over () as m from (select * from shop.customers order by email)',
    columns: ['n order:customers.email', 'm order:customers.email ~customers.name'],
  },
  {
    what: 'gathers the rows of a subquery in their order',
    sql: 'select first(name) as f, list(id) as l, max(id) as m from (select * from shop.customers order by email)',
    columns: [
      'f order:customers.email ~customers.name',
      'l order:customers.email ~customers.id',
      'm ~customers.id',
    ],
  },
  {
    what: 'takes a row before an alias of its name',
    sql: `select name || '' as c, c as whole from shop.customers as c`,
    columns: ['c ~customers.name', 'whole ~customers.email ~customers.id ~customers.name'],
  },
  {
    what: 'compares whole rows in an intersection',
    sql: 'select id, name from shop.customers intersect select customer_id, status from shop.orders',
    columns: ['id =customers.id', 'name =customers.name'],
    rows: 'filter:customers.id filter:customers.name filter:orders.customer_id filter:orders.status',
  },
];

/** Not even the warehouse's word for the columns helps: what is read is not certain. */
export const certainGaps: readonly string[] = [
  "select x from query_table('customers')",
  "select x from query('select name as x from shop.customers')",
  'select x from my_macro(1)',
  'select x from elsewhere.orders',
  'select x from where',
];
