/** `1,234 records`, `1 record`: for people. */
export function plural(count: number, unit: string, units = `${unit}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? unit : units}`;
}
