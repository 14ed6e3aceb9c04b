/** `1,234`. By hand: what a language has for it costs a start as much as many files are read in. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1,234 records`, `1 record`: for people. */
export function plural(count: number, unit: string, units = `${unit}s`): string {
  return `${formatCount(count)} ${count === 1 ? unit : units}`;
}
