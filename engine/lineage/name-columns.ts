import { nothing, uniteReads } from './reads.ts';
import type { Answer, OutColumn } from './scope.ts';
import { LineageGap } from './sql-tree.ts';

export type NamedColumn = OutColumn & { readonly name: string };

/**
 * The warehouse is the authority for names.
 *
 * @throws LineageGap where it sees other columns: they were read wrongly.
 */
export function nameColumns(
  columns: readonly OutColumn[],
  names: readonly string[],
): readonly NamedColumn[] {
  if (columns.length !== names.length) {
    throw new LineageGap(
      `the warehouse sees ${names.length} columns, the parser ${columns.length}`,
    );
  }
  return columns.map((column, index) => {
    const said = names[index] ?? '';
    if (!mayBe(column, said)) {
      throw new LineageGap(
        `the warehouse sees a column "${said}" where the parser has "${column.name}"`,
      );
    }
    return { ...column, name: said };
  });
}

/**
 * The same where some of the columns are nobody's: the warehouse tells their names.
 *
 * @throws LineageGap where it has not those that are known.
 */
export function fillColumns(answer: Answer, names: readonly string[]): readonly NamedColumn[] {
  const { columns, open } = answer;
  const unnamed = columns.filter(({ name }) => name === undefined).map(({ reads }) => reads);
  const strange = columns.find((one) => !names.some((name) => mayBe(one, name)));
  if (strange) throw new LineageGap(`the warehouse sees no column "${strange.name}"`);
  const turns = new Map<string, number>();
  return names.map((name) => {
    const lower = name.toLowerCase();
    const turn = turns.get(lower) ?? 0;
    turns.set(lower, turn + 1);
    const own = columns.filter((column) => column.name !== undefined && mayBe(column, name));
    const same = names.filter((other) => other.toLowerCase() === lower);
    const known = own.length === same.length ? own[turn] : undefined;
    if (known) return { ...known, name };
    const hidden = open?.(name) ?? nothing;
    return { name, reads: uniteReads([hidden, ...own.map(({ reads }) => reads), ...unnamed]) };
  });
}

const mayBe = ({ name }: OutColumn, said: string): boolean =>
  name === undefined || name.toLowerCase() === said.toLowerCase();
