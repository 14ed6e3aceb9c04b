import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type CompileOptions, compileNode, compileOperation } from '../declare/compile-node.ts';
import {
  isModelNode,
  isSourceNode,
  type ModelNode,
  type UnitRows,
  type UnitTestNode,
} from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { compileInputs } from '../declare/typescript/compile-inputs.ts';
import type { Work } from '../plan/work.ts';
import { createSchema, selectOf } from '../steps/relation-statements.ts';
import { parseUnitCsv } from '../steps/unit-csv.ts';
import {
  compareUnit,
  createGiven,
  type UnitColumn,
  type UnitTable,
  unitSchema,
} from '../steps/unit-test.ts';
import { assertThat, TerminalError } from '../words/errors.ts';
import { plural } from '../words/plural.ts';
import type { Relation } from '../words/table.ts';
import type { Shadow } from '../words/warehouse.ts';
import { customBuild } from './custom-build.ts';
import type { StepOutcome } from './run-steps.ts';
import { buildUnitTable, refuseOwnRows, type UnitBuild } from './unit-table.ts';

/** Runs a unit test in memory: the model's select over the given rows, against what is expected. */
export async function unitTestStep(work: Work, test: UnitTestNode): Promise<StepOutcome> {
  const { models, request } = work;
  const node = models?.nodes.get(test.modelId);
  assertThat(models && isModelNode(node), `${test.modelId} is a model of the project`);
  requireInputs(models, node, test);
  await using shadow = await request.warehouse.openShadow();
  await shadow.ddl([sql`create schema ${sql.id(unitSchema)}`]);
  const { boundaryMs, invocationId } = request;
  const project = overrideNames(models, test);
  const base: CompileOptions = {
    macros: test.macros,
    moment: { boundaryMs, invocationId, isFullRefresh: false },
    warehouse: { describe: (relation) => shadow.describe(relation), session: shadow },
  };
  const readTable = (rows: UnitRows): Promise<UnitTable> => readRows(project, test, rows, base);
  const names = await giveInputs(work, shadow, test, node, readTable);
  const self = names.get('this');
  const isIncremental = test.isIncremental || (test.after !== undefined && self !== undefined);
  const options: CompileOptions = {
    ...base,
    isIncremental,
    givenName: (id) => {
      const relation = names.get(id);
      return relation && `"${relation.schema}"."${relation.name}"`;
    },
  };
  const compiled = await compileNode(project, self ? { ...node, relation: self } : node, options);
  const expected = await readTable(test.expect);
  const history = work.bound.get(node.id)?.history;
  const script = await scriptOf(project, node, options);
  const custom = customBuild(project, node, compiled.sql, options);
  const answered =
    test.after || script
      ? await buildUnitTable(shadow, request.warehouse, {
          node,
          config: test.after
            ? { ...node.nodeConfig, ...(history ? { history } : {}) }
            : { ...node.nodeConfig, materialization: 'table' },
          ...script,
          ...(custom ? { custom } : {}),
          sql: compiled.sql,
          isIncremental,
          boundaryMs,
          signal: request.signal,
        })
      : selectOf(compiled.sql);
  const outcome = await compareUnit(shadow, answered, expected);
  const failures = outcome.missing + outcome.unexpected;
  if (failures === 0) return { status: 'success', message: 'holds', counts: { failures } };
  const missing = `${plural(outcome.missing, 'expected row')} missing`;
  return {
    status: 'failed',
    message: `${missing}, ${plural(outcome.unexpected, 'row')} unexpected (${test.file})`,
    hint: outcome.shown.join('\n  '),
    counts: { failures },
  };
}

/** A table for each input that the test gives, and where it stands. */
async function giveInputs(
  work: Work,
  shadow: Shadow,
  test: UnitTestNode,
  node: ModelNode,
  readTable: (rows: UnitRows) => Promise<UnitTable>,
): Promise<Map<string, Relation>> {
  const names = new Map<string, Relation>();
  for (const { input, rows } of test.given) {
    const name = input === 'this' ? 'this' : input.split('.').slice(2).join('_');
    const isTarget = input === 'this' && test.after !== undefined;
    if (isTarget) refuseOwnRows(node, test.name, test.file);
    const relation = isTarget ? node.relation : { schema: unitSchema, name: `given_${name}` };
    if (isTarget) await shadow.ddl([createSchema(relation.schema)]);
    const table = await readTable(rows);
    const known = await columnsOf(work, input === 'this' ? node.id : input);
    // A select has columns of its own; rows of values take theirs from the input.
    const columns = known ?? ('select' in table ? undefined : requireColumns(input));
    await createGiven(shadow, relation, columns, table);
    names.set(input, relation);
  }
  return names;
}

/** The project with the variables and the environment that the test says. */
function overrideNames(models: ModelProject, test: UnitTestNode): ModelProject {
  const known = models.vars;
  return {
    ...models,
    env: { ...models.env, ...test.env },
    vars: {
      ...known,
      find: (name, packageName) =>
        Object.hasOwn(test.vars, name) ? { value: test.vars[name] } : known.find(name, packageName),
    },
  };
}

/** The function with the given rows as its inputs; they are the test's own, so it may be quoted. */
async function scriptOf(
  project: ModelProject,
  node: ModelNode,
  options: CompileOptions,
): Promise<Pick<UnitBuild, 'script'> | undefined> {
  if (!node.script) return undefined;
  const inputs = await compileInputs(project, node, options);
  return { script: { script: node.script, inputs, mayQuote: true } };
}

/** Every input must be given: an empty one is given as `rows: []`. Seeds stand for themselves. */
function requireInputs(models: ModelProject, node: ModelNode, test: UnitTestNode): void {
  const given = new Set(test.given.map(({ input }) => input));
  const missing = node.dependsOn.filter((id) => !given.has(id) && id !== node.id);
  if (missing.length === 0) return;
  const names = missing.map((id) => models.nodes.get(id)?.name ?? id).join(', ');
  throw new TerminalError(`the unit test ${test.name} gives no rows for ${names} (${test.file})`, {
    code: 'unit-test-input',
    hint: 'add it under given, with rows: [] where it may be empty',
    model: node.id,
  });
}

async function columnsOf(work: Work, id: string): Promise<readonly UnitColumn[] | undefined> {
  const bound = work.bound.get(id)?.columns;
  const node = work.models?.nodes.get(id);
  const known = bound ?? (isSourceNode(node) ? work.sourceColumns.get(id) : undefined);
  if (isSourceNode(node) && node.external !== undefined) {
    return await work.request.warehouse.describeQuery(sql.raw(`select * from ${node.external}`));
  }
  const standing = isModelNode(node) ? node.relation : undefined;
  return known ?? (standing && (await work.request.warehouse.describe(standing)));
}

function requireColumns(input: string): never {
  throw new TerminalError(`nothing is known of the columns of ${input}`, {
    code: 'unit-test-columns',
    hint: 'give it as a select (format: sql), or build it once, so that its columns are known',
  });
}

/** A select may be a template, as a model's is: its text is rendered before it is read. */
async function readRows(
  models: ModelProject,
  test: UnitTestNode,
  rows: UnitRows,
  options: CompileOptions,
): Promise<UnitTable> {
  if (rows.format === 'dict' && rows.fixture === undefined) return { rows: rows.rows ?? [] };
  const ending = rows.format === 'sql' ? 'sql' : 'csv';
  const file = rows.fixtureFile ?? `tests/fixtures/${rows.fixture ?? ''}.${ending}`;
  const written = rows.fixture === undefined ? rows.text : await readFixture(models, test, file);
  const text = written ?? '';
  if (ending === 'csv') return parseUnitCsv(text, rows.delimiter);
  if (!/\{[{%#]/.test(text)) return { select: text };
  const { name, packageName } = test;
  const template = { name, packageName, text, file: rows.fixture === undefined ? test.file : file };
  return { select: await compileOperation(models, template, options) };
}

async function readFixture(
  models: ModelProject,
  test: UnitTestNode,
  file: string,
): Promise<string> {
  try {
    return await readFile(join(models.root, file), 'utf8');
  } catch (cause) {
    throw new TerminalError(`the unit test ${test.name} needs ${file}, which cannot be read`, {
      code: 'unit-test-fixture',
      hint: `its place is given in ${test.file}`,
      cause,
    });
  }
}
