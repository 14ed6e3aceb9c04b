import { join } from 'node:path';
import { expect } from 'vitest';

/** Holds a statement to the one that was reviewed, without the empty lines of its literals. */
export async function expectGolden(name: string, text: string): Promise<void> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const golden = join(import.meta.dirname, `${name}.duckdb.sql`);
  await expect(`${lines.map((line) => line.trimEnd()).join('\n')}\n`).toMatchFileSnapshot(golden);
}
