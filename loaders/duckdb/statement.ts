import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import { bindValue, type Parameter } from './values.ts';

/** Never runs anything: Kysely's Postgres text (`"name"`, `$1`) is what DuckDB reads too. */
const kysely = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

export interface CompiledStatement {
  readonly text: string;
  readonly parameters: readonly Parameter[];
}

export function compileStatement(statement: RawBuilder<unknown>): CompiledStatement {
  const { sql, parameters } = statement.compile(kysely);
  return { text: sql, parameters: parameters.map(bindValue) };
}

/** The statement for people: its text and its parameters' types, never their values. */
export function describeStatement(statement: CompiledStatement): string {
  const labels = statement.parameters.map((parameter, index) => `$${index + 1} ${parameter.label}`);
  return labels.length === 0 ? statement.text : `${statement.text}\n-- ${labels.join(', ')}`;
}
