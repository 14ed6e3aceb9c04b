/** Lines of at most `width` characters, broken as Python's `textwrap` breaks them. */
export function wrapText(
  text: string,
  width: number,
  isBroken: boolean,
  isHyphen: boolean,
): string[] {
  const chunks = splitChunks(text, isHyphen).reverse();
  const lines: string[] = [];
  while (chunks.length > 0) {
    const line: string[] = [];
    let size = 0;
    if (lines.length > 0 && isBlank(chunks.at(-1))) chunks.pop();
    for (let next = chunks.at(-1); next !== undefined && size + next.length <= width; ) {
      line.push(next);
      size += next.length;
      chunks.pop();
      next = chunks.at(-1);
    }
    const long = chunks.at(-1);
    if (long !== undefined && long.length > width) {
      breakLong(chunks, line, size, width, isBroken, isHyphen);
    }
    if (isBlank(line.at(-1))) line.pop();
    if (line.length > 0) lines.push(line.join(''));
  }
  return lines;
}

function isBlank(chunk: string | undefined): boolean {
  return chunk !== undefined && chunk.trim() === '';
}

function breakLong(
  chunks: string[],
  line: string[],
  size: number,
  width: number,
  isBroken: boolean,
  isHyphen: boolean,
): void {
  const chunk = chunks.at(-1) ?? '';
  const space = width < 1 ? 1 : width - size;
  if (isBroken) {
    let end = space;
    if (isHyphen && chunk.length > space) {
      const hyphen = chunk.lastIndexOf('-', space - 1);
      if (hyphen > 0 && /[^-]/.test(chunk.slice(0, hyphen))) end = hyphen + 1;
    }
    line.push(chunk.slice(0, end));
    chunks[chunks.length - 1] = chunk.slice(end);
    if (chunk.slice(end) === '') chunks.pop();
  } else if (line.length === 0) {
    line.push(chunk);
    chunks.pop();
  }
}

// `textwrap.TextWrapper.wordsep_re`, which keeps dashes between words and after letters.
const letter = '[^\\d\\W]';
const wordChar = `[\\w!"'&.,?]`;
const separators = new RegExp(
  `([\\t\\n\\v\\f\\r ]+|(?<=${wordChar})-{2,}(?=\\w)|[^\\t\\n\\v\\f\\r ]+?(?:` +
    `-(?:(?<=${letter}{2}-)|(?<=${letter}-${letter}-))(?=${letter}-?${letter})` +
    `|(?=[\\t\\n\\v\\f\\r ]|$)|(?<=${wordChar})(?=-{2,}\\w)))`,
);

function splitChunks(text: string, isHyphen: boolean): string[] {
  const parts = text.split(isHyphen ? separators : /([\t\n\v\f\r ]+)/);
  return parts.filter((part) => part !== undefined && part !== '');
}
