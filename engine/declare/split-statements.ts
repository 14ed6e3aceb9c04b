import { tokenizeSql } from './sql-text.ts';

/** The statements of a text, without their semicolons; what cannot be read is left as it is. */
export function splitStatements(text: string): string[] {
  const tokens = tokenizeSql(text);
  if (tokens === undefined) return [text];
  const statements: string[] = [];
  let current = '';
  let isEmpty = true;
  const end = (): void => {
    if (!isEmpty) statements.push(current.trim());
    current = '';
    isEmpty = true;
  };
  for (const token of tokens) {
    if (token.kind === 'other' && token.text === ';') {
      end();
      continue;
    }
    current += token.text;
    if (token.kind !== 'space' && token.kind !== 'comment') isEmpty = false;
  }
  end();
  return statements;
}

/** The word a statement begins with, in lower case, behind comments. */
export function firstWord(statement: string): string {
  const tokens = tokenizeSql(statement) ?? [];
  return tokens.find(({ kind }) => kind === 'word')?.text.toLowerCase() ?? '';
}
