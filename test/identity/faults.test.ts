import { describe, expect, test } from 'vitest';
import { formatFault } from '../../engine/declare/model-fault.ts';
import { readFiles } from '../models/project-folder.ts';
import { bindProject } from '../models/shadow.ts';

const people = "select 'sf' as system, '1' as record_id, 'a@x.org' as email, 'Ann' as name";
const decisions = 'left_record,right_record,decision,why\n';

/** A model of these rules, one a line from line 3 on. */
function identity(...rules: string[]): string {
  const lines = rules.map((rule) => `  ${rule},\n`).join('');
  return `{{ config(materialized='identity',\n  rules=[\n${lines}]) }}\n${people}`;
}

async function faultsOf(
  model: string,
  rest: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const project = await readFiles({ 'models/who.sql': model, ...rest });
  const bound = await bindProject(project);
  return [...project.faults, ...bound.failures].map(formatFault);
}

describe('a wrong config is told with its place', () => {
  test('every rule that is of no kind, of two, out of its range or misspelt, all at once', async () => {
    const rules = [
      "{'name': 'a', 'exakt': 'email'}",
      "{'name': 'b', 'exact': 'email', 'fuzzy': 'name'}",
      "{'name': 'c', 'fuzzy': 'name', 'block': 'email', 'threshold': 1.5}",
      "{'name': 'd', 'fuzzy': 'name', 'block': 'email', 'threshold': 0.8, 'review': 0.9}",
      "{'name': 'e', 'exact': 'email', 'scor': 1}",
      "{'name': 'f', 'fuzzy': 'name'}",
      "{'name': 'g', 'exact': 'email', 'max_block': 1}",
      "{'name': 'same', 'exact': 'email'}",
      "{'name': 'g', 'exact': 'name'}",
      "{'exact': 'name'}",
      "'email'",
    ];
    expect(await faultsOf(identity(...rules))).toEqual([
      'models/who.sql:2:3 rule 10 of "rules" needs a name of letters, digits and _',
      "models/who.sql:2:3 rule 11 of \"rules\" is no map: write {'name': …, 'exact': …}",
      'models/who.sql:3:17 the rule "a" is of the unknown kind "exakt"; did you mean "exact"? (one of exact, refers, fuzzy)',
      'models/who.sql:4:12 the rule "b" is exact and fuzzy: keep one of exact, refers, fuzzy',
      'models/who.sql:5:52 the rule "c" has "threshold" 1.5; a number above 0, 1 at most',
      'models/who.sql:6:70 the rule "d" asks for "review" from 0.9, which is not below its threshold 0.8',
      'models/who.sql:7:35 the rule "e" has the unknown key "scor"; did you mean "score"?',
      'models/who.sql:8:12 the rule "f" needs "block": a column, or SQL over the columns',
      'models/who.sql:9:12 the name of the rule "g" is there twice: give it another',
      'models/who.sql:9:35 the rule "g" has "max_block" 1; a whole number from 2 to 10000',
      'models/who.sql:10:12 the name of the rule "same" is what people decide: give it another',
    ]);
  });

  test('every value of another kind, of which none is passed over', async () => {
    const rules = [
      "{'name': 'a', 'exact': {'of': 'email'}}",
      "{'name': 'b', 'exact': ['email', 5]}",
      "{'name': 'c', 'exact': 'email', 'where': ['name']}",
      "{'name': 'd', 'exact': 'email', 'across_systems': 'true'}",
      "{'name': 'e', 'exact': 'email', 'agree': {'of': 'name'}}",
      "{'name': 'f', 'refers': ['email', 'name']}",
      "{'name': 'g', 'refers': 'email', 'to': 7, 'separator': 8}",
      "{'name': 'h', 'fuzzy': ['name', 'email'], 'block': 'email'}",
      "{'name': 'i', 'fuzzy': ['name'], 'block': []}",
    ];
    expect(await faultsOf(identity(...rules))).toEqual([
      'models/who.sql:3:33 the rule "a" has "exact" {"of":"email"}; write a text, or a list of texts',
      'models/who.sql:4:27 the rule "b" has "exact" ["email",5]; write a text, or a list of texts',
      'models/who.sql:5:45 the rule "c" has "where" ["name"]; write one text',
      'models/who.sql:6:53 the rule "d" has "across_systems" "true"; true or false, unquoted',
      'models/who.sql:7:51 the rule "e" has "agree" {"of":"name"}; write a text, or a list of texts',
      'models/who.sql:8:37 the rule "f" has "refers" ["email","name"]; write one text: of several make a rule each, or one SQL',
      'models/who.sql:9:36 the rule "g" has "to" 7; write one text',
      'models/who.sql:9:45 the rule "g" has "separator" 8; write one text',
      'models/who.sql:10:35 the rule "h" has "fuzzy" ["name","email"]; write one text: of several make a rule each, or one SQL',
      'models/who.sql:11:36 the rule "i" needs "block": a column, or SQL over the columns',
    ]);
  });

  test('names of its columns that are none, or taken', async () => {
    const of = (config: string) =>
      `{{ config(materialized='identity', ${config}, rules=[{'name': 'a', 'exact': 'email'}]) }}\n${people}`;
    expect(await faultsOf(of("canonical_id=5, created_at=['name'], primary_by={'by': 1}"))).toEqual(
      [
        expect.stringContaining('the config has "canonical_id" 5; write one text'),
        expect.stringContaining('the config has "created_at" ["name"]; write one text'),
        expect.stringContaining('the config has "primary_by" {"by":1}; write a text, or a list'),
      ],
    );
    for (const name of ['Record', 'component', 'is_primary', 'system']) {
      expect(await faultsOf(of(`canonical_id='${name}'`))).toEqual([
        expect.stringContaining(
          `config "canonical_id" is "${name}", which is another column of an identity`,
        ),
      ]);
    }
  });

  test('an identity without rules', async () => {
    expect(await faultsOf(`{{ config(materialized='identity') }}\n${people}`)).toEqual([
      'models/who.sql:1:24 materialized "identity" needs rules: a list, the strongest first',
    ]);
  });

  test('a column that the select does not have, with what was meant', async () => {
    const model = identity("{'name': 'email', 'exact': 'lower(emial)'}");
    expect(await faultsOf(model)).toEqual([
      'models/who.sql:3:31 its config names the column "emial", which its select does not have; did you mean "email"?; it has system, record_id, email, name',
    ]);
  });

  test('an expression that is no SQL', async () => {
    const [fault] = await faultsOf(
      identity("{'name': 'email', 'exact': 'email', 'where': 'name ='}"),
    );
    expect(fault).toContain('models/who.sql:3:49 "name =" does not bind: ');
  });

  test('a select without the columns that name a record', async () => {
    const model = identity("{'name': 'email', 'exact': 'email'}").replace('as record_id', 'as id');
    const [fault] = await faultsOf(model);
    expect(fault).toContain('its config names the column "record_id"');
  });

  test('decisions that are nowhere, are no name, or lack a column', async () => {
    const of = (value: string) =>
      `{{ config(materialized='identity', decisions=${value},\n  rules=[{'name': 'a', 'exact': 'email'}]) }}\n${people}`;
    const [missing] = await faultsOf(of("'decided'"), { 'seeds/decideds.csv': decisions });
    expect(missing).toMatch(/^models\/who\.sql:1:46 .*"decided".*did you mean "decideds"/);
    const [reference] = await faultsOf(of("ref('decided')"), { 'seeds/decided.csv': decisions });
    expect(reference).toContain('config "decisions" is the name of a seed or model');
    const lacking = await faultsOf(of("'decided'"), { 'seeds/decided.csv': 'left_record,other\n' });
    expect(lacking[0]).toContain('main.decided has no column "right_record" for decisions');
    expect(await faultsOf(of("'decided'"), { 'seeds/decided.csv': decisions })).toEqual([]);
  });
});

test('an identity shows its readers its own columns, and not those of its select', async () => {
  const model = identity("{'name': 'email', 'exact': 'email'}");
  const project = await readFiles({ 'models/who.sql': model });
  const bound = await bindProject(project);
  expect(bound.nodes.get('model.shop.who')?.columns.map(({ name }) => name)).toEqual([
    'canonical_id',
    'system',
    'record_id',
    'is_primary',
    'record',
    'component',
  ]);
});
