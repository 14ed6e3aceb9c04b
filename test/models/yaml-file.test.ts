import { expect, test } from 'vitest';
import { collectFaults } from '../../engine/declare/model-fault.ts';
import { parseYaml } from '../../engine/declare/yaml-file.ts';

test('YAML is read as Python reads it, dates as they are written', () => {
  const faults = collectFaults();
  const text =
    '{a: n, b: Y, c: yes, d: no, e: off, f: 2026-01-01, g: true, h: "n", i: 2026-01-01 10:00:00}';
  expect(parseYaml('x.yml', text, faults)?.value).toEqual({
    a: 'n',
    b: 'Y',
    c: true,
    d: false,
    e: false,
    f: '2026-01-01',
    g: true,
    h: 'n',
    i: '2026-01-01 10:00:00',
  });
  expect(faults.all).toEqual([]);
});
