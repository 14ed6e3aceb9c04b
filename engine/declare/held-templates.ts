/** True where a text, or one anywhere in a value, may be a template. */
export function holdsTemplate(value: unknown): boolean {
  if (typeof value === 'string') return /\{[{%]/.test(value);
  return value !== null && typeof value === 'object' && Object.values(value).some(holdsTemplate);
}

/** The value with each text in it that may be a template as `render` makes it. */
export async function renderHeld(
  value: unknown,
  render: (text: string) => Promise<unknown>,
): Promise<unknown> {
  if (!holdsTemplate(value)) return value;
  if (typeof value === 'string') return await render(value);
  if (Array.isArray(value)) return await Promise.all(value.map((item) => renderHeld(item, render)));
  const items = Object.entries(value as object).map(async ([key, item]) => [
    key,
    await renderHeld(item, render),
  ]);
  return Object.fromEntries(await Promise.all(items));
}

/**
 * The value as dbt has it of YAML whose texts are all templates to it: of one that ends with a line
 * break Jinja leaves that out, also where nothing is rendered.
 */
export function withoutLastBreaks(value: unknown): unknown {
  if (typeof value === 'string') return holdsTemplate(value) ? value : value.replace(/\n$/, '');
  if (Array.isArray(value)) return value.map(withoutLastBreaks);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutLastBreaks(item)]),
  );
}
