const quote = 0x22;

/**
 * The newest stamp under a key of the records in cut lines, without parsing them: a quote inside a
 * JSON text is escaped, so the key with its quotes and colon stands for nothing else.
 */
export function newestStamp(lines: Buffer, key: 'createdAt' | 'updatedAt'): string | undefined {
  const mark = Buffer.from(`"${key}":"`);
  let newest: string | undefined;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (let at = lines.indexOf(mark); at !== -1; at = lines.indexOf(mark, at)) {
    const start = at + mark.length;
    const end = lines.indexOf(quote, start);
    if (end === -1) break;
    const stamp = lines.toString('latin1', start, end);
    const ms = Date.parse(stamp);
    if (ms > newestMs) {
      newestMs = ms;
      newest = stamp;
    }
    at = end;
  }
  return newest;
}
