import { expect, test } from 'vitest';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import { pythonModules } from '../../engine/declare/python-modules.ts';

const boundaryMs = Date.UTC(2026, 6, 1, 12, 30);

async function render(text: string): Promise<string> {
  const modules = pythonModules(() => boundaryMs);
  const globals = { get: (name: string) => (name === 'modules' ? modules : undefined) };
  return (await renderTemplate(parseTemplate(text, { file: 'zones.sql' }), { globals })).trim();
}

const given = `{% set pytz, dt = modules.pytz, modules.datetime.datetime %}
{% set tokyo, berlin = pytz.timezone('Asia/Tokyo'), pytz.timezone('Europe/Berlin') %}`;

// What Python prints for the same expressions.
const cases: readonly (readonly [string, string])[] = [
  ['tokyo.localize(dt(2026, 9, 1))', '2026-09-01 00:00:00+09:00'],
  ['tokyo.localize(dt(2026, 9, 1)).astimezone(pytz.utc)', '2026-08-31 15:00:00+00:00'],
  ['berlin.localize(dt(2026, 1, 15, 8))', '2026-01-15 08:00:00+01:00'],
  ['berlin.localize(dt(2026, 7, 15, 8)).isoformat()', '2026-07-15T08:00:00+02:00'],
  ['berlin.localize(dt(2026, 3, 29, 4)).astimezone(tokyo).hour', '11'],
  ["dt.fromisoformat('2026-09-01T00:00:00-07:00').astimezone(pytz.utc).hour", '7'],
  ["dt.fromisoformat('2026-09-01 00:00:00').tzinfo", 'None'],
  ["dt.fromisoformat('2026-09-01T00:00:00+00:00') < tokyo.localize(dt(2026, 9, 1))", 'False'],
  ["dt.fromisoformat('2026-08-31T15:00:00Z') == tokyo.localize(dt(2026, 9, 1))", 'True'],
  ['dt.now(berlin)', '2026-07-01 14:30:00+02:00'],
  ['dt.now(pytz.timezone("UTC")).tzinfo', 'UTC'],
  ["berlin.localize(dt(2026, 7, 1)).strftime('%z %Y')", '+0200 2026'],
  ['berlin.localize(dt(2026, 7, 1)).utcoffset()', '2:00:00'],
  ['dt(2026, 7, 1).replace(tzinfo=pytz.utc)', '2026-07-01 00:00:00+00:00'],
  ['dt(2026, 7, 1, tzinfo=berlin)', '2026-07-01 00:00:00+00:53'],
  [
    "dt(1997, 9, 29, 6, 14, 0, 0, pytz.timezone('America/Los_Angeles'))",
    '1997-09-29 06:14:00-07:53',
  ],
  ['dt(2026, 7, 1).replace(tzinfo=tokyo).astimezone(pytz.utc)', '2026-06-30 14:41:00+00:00'],
  ['dt(2026, 7, 1, 1, 2, 3, 4).isoformat()', '2026-07-01T01:02:03.000004'],
  ["dt(1960, 7, 1, 1, 2, 3, 999999).strftime('%f')", '999999'],
  ['dt(2026, 7, 1, 1, 2, 3, 123456).microsecond', '123456'],
  ['modules.datetime.date(2026, 7, 1).hour is defined', 'False'],
];

test.each(cases)('%s is %s', async (expression, expected) => {
  expect(await render(`${given}{{ ${expression} }}`)).toBe(expected);
});

test('a zone that does not exist is told by its name', async () => {
  await expect(render("{{ modules.pytz.timezone('Mars/Base') }}")).rejects.toThrow('Mars/Base');
});
