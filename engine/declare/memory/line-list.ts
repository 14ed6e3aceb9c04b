/** Lines of a text, each decoded when it is asked for. */
export interface LineList {
  readonly count: number;
  /** Empty where there is no such line. */
  at(index: number): string;
}

const lineFeed = 10;

export function linesOf(bytes: Buffer): LineList {
  const ends: number[] = [];
  for (let end = bytes.indexOf(lineFeed); end !== -1; end = bytes.indexOf(lineFeed, end + 1)) {
    ends.push(end);
  }
  ends.push(bytes.length);
  return {
    count: ends.length,
    at: (index) =>
      bytes.toString('utf8', index === 0 ? 0 : (ends[index - 1] ?? 0) + 1, ends[index]),
  };
}

export function joinLines({ count, at }: LineList): string {
  return Array.from({ length: count }, (_, index) => at(index)).join('\n');
}
