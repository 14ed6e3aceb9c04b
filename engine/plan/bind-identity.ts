import { type RawBuilder, sql } from 'kysely';
import { JinjaError } from '../declare/jinja/jinja-error.ts';
import type { ModelNode } from '../declare/model-node.ts';
import { placeAt } from '../declare/word-place.ts';
import { complainOfDecisions } from '../steps/identity-decisions.ts';
import { columnsOfIdentityTable, expressionOf, expressionsOf } from '../steps/identity-shape.ts';
import { assertThat, messageOf, TerminalError } from '../words/errors.ts';
import type { IdentityConfig } from '../words/identity.ts';
import { didYouMean } from '../words/suggest.ts';
import type { Column, Relation } from '../words/table.ts';
import type { Session } from '../words/warehouse.ts';
import type { KnownColumn } from './shadow-tables.ts';

/**
 * Binds every expression of an identity's config against its select, one by one, so that the one
 * that is wrong is told with its place; answers the identity's columns.
 */
export async function bindIdentity(
  node: ModelNode,
  config: IdentityConfig,
  select: RawBuilder<unknown>,
  shadow: Session,
  decisions: { relation: Relation; columns: readonly KnownColumn[] } | undefined,
): Promise<readonly Column[]> {
  const columns = await shadow.describeQuery(select);
  const complaint = decisions && complainOfDecisions(decisions.relation, decisions.columns);
  if (complaint !== undefined) {
    throw new TerminalError(complaint, {
      code: 'identity-decisions',
      hint: 'it needs left_record, right_record (system:id) and decision: same or different',
      model: node.id,
    });
  }
  for (const expression of new Set(expressionsOf(config))) {
    const probe = sql`
      select ${expressionOf(expression)} as probe
      from (
        ${select}
      ) as records`;
    await shadow.describeQuery(probe).catch((error: unknown) => {
      throw explain(node, expression, messageOf(error), columns);
    });
  }
  const [text, flag] = await shadow.describeQuery(sql`
    select cast(null as varchar) as name, cast(null as boolean) as flag`);
  assertThat(text && flag, 'two columns are described');
  return columnsOfIdentityTable(config, { text: text.typeName, flag: flag.typeName });
}

function explain(
  node: ModelNode,
  expression: string,
  message: string,
  columns: readonly Column[],
): Error {
  const [first = ''] = message
    .replace(/^the warehouse refused a statement: /, '')
    .split('\n')
    .map((line) => line.trim());
  const missing = /column "([^"]+)"/i.exec(first)?.[1];
  const names = columns.map(({ name }) => name);
  const meant = missing === undefined ? '' : didYouMean(missing, names);
  const said =
    missing === undefined
      ? `"${expression}" does not bind: ${first}`
      : `its config names the column "${missing}", which its select does not have${meant}`;
  const at = placeOfExpression(node.text, expression);
  return new JinjaError('jinja-value', said, {
    hint: `it has ${names.join(', ')}`,
    position: placeAt(node.file, node.text, Math.max(at, 0)),
  });
}

/** Where the config of a template holds it: as a text, else as a word of one. */
function placeOfExpression(text: string, expression: string): number {
  for (const quoted of [`'${expression}'`, `"${expression}"`]) {
    const at = text.indexOf(quoted);
    if (at !== -1) return at + 1;
  }
  return text.indexOf(expression);
}
