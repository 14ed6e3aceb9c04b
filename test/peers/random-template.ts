import fc from 'fast-check';

/** What random templates may name; `none_such` is in no context. */
export const context = {
  n: 3,
  x: 2.5,
  s: 'a b <c>',
  t: 'Tide',
  l: [3, 1, 2],
  e: [],
  d: { a: 1, b: [1, 2], 'c d': 'x' },
  rows: [{ k: 2, v: 'x' }, { k: 1, v: 'y' }, { k: 2 }],
  yes: true,
  nil: null,
};

type Text = fc.Arbitrary<string>;

const pick = (...texts: string[]): Text => fc.constantFrom(...texts);
const one = (...texts: Text[]): Text => fc.oneof(...texts);
const often = (weight: number, arbitrary: Text) => ({ weight, arbitrary });

/** Arbitraries in place of the holes. */
function say(parts: TemplateStringsArray, ...holes: Text[]): Text {
  return fc
    .tuple(...holes)
    .map((texts) => parts.map((part, index) => part + (texts[index] ?? '')).join(''));
}

const names = pick(
  'n',
  'x',
  's',
  't',
  'l',
  'e',
  'd',
  'rows',
  'yes',
  'nil',
  'none_such',
  'item',
  'i',
);
const numbers = pick('0', '1', '2', '-1', '7', '10', '1.5', '0.0', '-2.5', '1e3', '1_000', '0x1f');
const texts = pick(
  ...["''", "'a'", '"b c"', "'1'", "'1.5'", "'Ä ß'", "'a,b'", "'%s-%s'", "'{}'", "'\\n x'"],
  ...["'it\\'s'", "'<b>&'", "' pad '", "'two words here'", "'a\\tb'"],
);
const binary = pick('+', '-', '*', '/', '//', '%', '~', '==', '!=', '<', '<=', '>', '>=');
const logical = pick('and', 'or', 'in', 'not in');
const plainFilters = pick(
  ...['upper', 'lower', 'title', 'capitalize', 'length', 'first', 'last', 'list', 'string', 'int'],
  ...['float', 'abs', 'sum', 'reverse', 'sort', 'unique | list', 'join', 'trim', 'escape', 'max'],
  ...['min', 'round', 'tojson', 'wordcount', 'striptags', 'items | list', 'dictsort', 'count', 'd'],
  ...['urlencode', 'safe', 'forceescape', 'pprint', 'filesizeformat', 'center', 'indent', 'title'],
);
const plainTests = pick(
  ...['defined', 'undefined', 'none', 'string', 'number', 'mapping', 'sequence', 'iterable', 'odd'],
  ...['even', 'true', 'false', 'boolean', 'integer', 'float', 'callable', 'lower', 'upper'],
);
const slices = pick(
  ...['[0]', '[-1]', '[1:]', '[:2]', '[::-1]', '[1:3]', '[::2]', '[-2:]', '[5:]', '[:-1]', '[9]'],
  ...["['a']", "['k']", '.a', '.k', '.nope', '[0].k', ".get('a')", ".get('q', 1)", '[n]', '[1.0]'],
);
const methods = pick(
  ...['.upper()', ".split(' ')", ".replace('a', 'z')", ".startswith('a')", '.strip()', '.title()'],
  ...['.items()', '.keys() | list', '.values() | list', ".join(['a', 'b'])", ".count('a')"],
  ...[".find('b')", '.swapcase()', '.splitlines()', ".rjust(6, '.')", '.zfill(4)', '.isdigit()'],
  ...[".format(1, 'a')", ".partition(' ')", '.index(1)', '.copy()', ".lstrip('a')", '.center(9)'],
);
const loopNames = pick(
  ...['index', 'index0', 'revindex', 'revindex0', 'first', 'last', 'length', 'depth', 'depth0'],
  ...['previtem', 'nextitem', "cycle('a', 'b')", 'changed(item)', 'changed(1)', 'nope'],
);

const { value, body } = fc.letrec<{ value: string; body: string; part: string }>((tie) => {
  const v = tie('value');
  const b = tie('body');
  const args = one(
    v,
    say`${v}, ${v}`,
    say`a=${v}`,
    say`${v}, b=${v}`,
    pick(''),
    say`*[${v}, ${v}]`,
  );
  const filters = one(
    plainFilters,
    say`default(${v})`,
    say`default(${v}, true)`,
    say`join(${v})`,
    say`map('${pick('upper', 'string', 'length', 'int', 'abs')}') | list`,
    say`map(attribute=${pick("'k'", "'v'", '0')}) | list`,
    say`map(attribute='v', default=${v}) | list`,
    say`${pick('select', 'reject')}('${plainTests}') | list`,
    say`${pick('select', 'reject')}('${pick('gt', 'eq', 'lt', 'in')}', ${v}) | list`,
    say`${pick('selectattr', 'rejectattr')}('k', '${pick('eq', 'gt', 'ne')}', ${v}) | list`,
    say`sort(reverse=${pick('true', 'false')}, attribute=${pick("'k'", "'v'", "'k,v'", 'none')})`,
    say`batch(${pick('1', '2', '3')}, ${v}) | list`,
    say`slice(${pick('1', '2', '3')}) | list`,
    say`round(${pick('0', '1', '2', '-1')}, '${pick('common', 'ceil', 'floor')}')`,
    say`replace(${texts}, ${texts})`,
    say`truncate(${pick('3', '5', '8')}, ${pick('true', 'false')}, '${pick('', '..', '…')}', 0)`,
    say`wordwrap(${pick('3', '5')})`,
    say`indent(${pick('2', '3')}, ${pick('true', 'false')}, ${pick('true', 'false')})`,
    say`${pick('int', 'float')}(${v})`,
    say`format(${v}, ${v})`,
    say`groupby('k') | list`,
    say`attr('${pick('a', 'k', 'upper', 'nope')}')`,
    say`sum(start=${v})`,
    say`sum('k', ${v})`,
    say`unique(true, 'v') | list`,
    say`dictsort(${pick('true', 'false')}, '${pick('key', 'value')}', ${pick('true', 'false')})`,
    say`center(${pick('4', '9')})`,
    say`tojson(${pick('none', '2')})`,
    say`xmlattr`,
  );
  const calls = one(
    say`range(${pick('0', '3', '1, 4', '5, 0, -2', 'n')}) | list`,
    say`dict(a=${v}, b=${v})`,
    say`namespace(a=${v}).a`,
    say`cycler(${v}, ${v}).next()`,
    say`joiner(${v})()`,
    say`m(${args})`,
    say`loop.${loopNames}`,
  );
  const values = fc.oneof(
    { maxDepth: 4, depthIdentifier: 'template' },
    often(5, one(names, numbers, texts)),
    often(2, say`(${v} ${binary} ${v})`),
    often(1, say`${v} ${binary} ${v}`),
    often(1, say`(${v} ${logical} ${v})`),
    often(1, say`${pick('-', '+', 'not ')}${v}`),
    often(1, say`${pick('2', '-2', 'n', '1.5')} ** ${pick('2', '-1', '0', '3', '2 ** 2')}`),
    often(2, say`${names}${slices}`),
    often(1, say`${one(names, texts)}${methods}`),
    often(1, say`(${v})${pick('[0]', '[-1]', "['a']", '.k', '[n]')}`),
    often(3, say`${v} | ${filters}`),
    often(1, say`(${v} | ${filters}) | ${filters}`),
    often(1, say`${v} is ${pick('', 'not ')}${plainTests}`),
    often(1, say`${v} is ${pick('divisibleby', 'eq', 'gt', 'in', 'sameas', 'lt')}(${v})`),
    often(1, say`(${v} if ${v} else ${v})`),
    often(1, say`(${v} if ${v})`),
    often(1, say`[${v}, ${v}]`),
    often(1, say`(${v}, ${v})`),
    often(1, say`{${texts}: ${v}, ${pick("'k'", '1', 'true', 'none')}: ${v}}`),
    often(1, calls),
    often(1, pick('true', 'false', 'none', 'True', 'None', '[]', '{}', '()', '1,', "'a' 'b'")),
  );
  const open = pick('{%', '{%', '{%', '{%-', '{%+');
  const close = pick('%}', '%}', '%}', '-%}', '+%}');
  const tag = (inside: Text): Text => say`${open} ${inside} ${close}`;
  const target = pick('i', 'item', 'n', 'i, item', '(i, item)', 'a, b');
  const iterated = one(
    v,
    say`d.items()`,
    say`range(3)`,
    say`rows`,
    say`${v} if ${v}`,
    pick('l', 's'),
  );
  const params = pick('', 'a', 'a, b=1', 'a=n, b=a', "a='x', b=none", 'a, b');
  const inside = one(b, say`${b}{{ varargs }}{{ kwargs }}`, say`{{ a }}|{{ b }}${b}`);
  const caller = say`{{ caller() if caller else '-' }}${b}`;
  const parts = fc.oneof(
    { maxDepth: 3, depthIdentifier: 'template' },
    often(3, pick('a', ' ', '\n', '  b\n', '\n\n', 'x\n  ', '\t', '%', '{', '}', '#', "'")),
    often(6, say`{{${pick('', '-', '+')} ${v} ${pick('', '-')}}}`),
    often(2, say`${tag(say`if ${v}`)}${b}${tag(pick('endif'))}`),
    often(
      2,
      say`${tag(say`if ${v}`)}${b}${tag(say`elif ${v}`)}${b}${tag(pick('else'))}${b}{% endif %}`,
    ),
    often(
      3,
      say`${tag(say`for ${target} in ${iterated}`)}${b}{{ loop.${loopNames} }}${tag(pick('endfor'))}`,
    ),
    often(1, say`{% for item in ${iterated} %}${b}{% else %}${b}{% endfor %}`),
    often(
      1,
      say`{% for i in l %}${b}{% if ${v} %}{% ${pick('break', 'continue')} %}{% endif %}${b}{% endfor %}`,
    ),
    often(
      1,
      say`{% for i in [1, [2, [3]]] recursive %}{{ loop(i) if i is iterable else i }}${b}{% endfor %}`,
    ),
    often(2, say`${tag(say`set ${target} = ${v}`)}${b}`),
    often(
      1,
      say`{% set i${pick('', ' | upper', ' | trim | length', ' | default(1)')} %}${b}{% endset %}{{ i }}`,
    ),
    often(1, say`{% macro m(${params}) %}${inside}{% endmacro %}{{ m(${args}) }}`),
    often(
      1,
      say`{% macro m(${params}) %}${caller}{% endmacro %}{% call m(${args}) %}${b}{% endcall %}`,
    ),
    often(
      1,
      say`{% macro m(a) %}{{ caller(a, 1) }}{% endmacro %}{% call(${params}) m(${v}) %}${inside}{% endcall %}`,
    ),
    often(
      1,
      say`{% set ns = namespace(k=${v}) %}{% for i in l %}{% set ns.k = ${v} %}${b}{% endfor %}{{ ns.k }}`,
    ),
    often(
      1,
      say`{% filter ${pick('upper', 'title', 'trim', 'replace("a", "b")', 'indent', 'escape | lower')} %}${b}{% endfilter %}`,
    ),
    often(1, say`{% with ${pick('i', 'n')} = ${v}, item = ${v} %}${b}{% endwith %}`),
    often(1, say`{% do ${v} %}`),
    often(
      1,
      say`{% do l.${pick('pop()', 'reverse()', 'clear()', 'sort()', 'remove(1)')} %}{{ l }}`,
    ),
    often(1, say`{#${pick('', '-')} note ${pick('', '-')}#}`),
    often(
      1,
      say`{%${pick('', '-')} raw ${pick('', '-')}%}${pick(' {{ x }} ', '\n{% if %}\n')}{% endraw ${pick('', '-')}%}`,
    ),
  );
  return {
    value: values,
    part: parts,
    body: fc
      .array(tie('part'), { minLength: 0, maxLength: 3, depthIdentifier: 'template' })
      .map((list) => list.join('')),
  };
});

/** A template by the grammar of Jinja: many fail, as they should in both. */
export const randomTemplate: Text = fc
  .tuple(body, body, value, body)
  .map(([before, between, shown, after]) => `${before}${between}{{ ${shown} }}${after}`);
