import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openOutcomeLog } from '../../engine/declare/memory/outcome-log.ts';
import { isPlainJson } from '../../engine/declare/memory/plain-json.ts';

describe('outcomes in a file', () => {
  test('are those that were set last, or none, after any end of a process', () => {
    const step = fc.oneof(
      fc.record({ set: fc.nat(5), value: fc.jsonValue() }),
      fc.constant('save' as const),
      fc.record({ cut: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const folder = mkdtempSync(join(tmpdir(), 'tidemill-log-'));
        const path = join(folder, 'log');
        try {
          const ever = new Map<string, unknown[]>();
          let log = openOutcomeLog(path, 'me');
          for (const one of steps) {
            if (one === 'save') {
              log.save();
              log = openOutcomeLog(path, 'me');
            } else if ('set' in one) {
              // Minus zero and the like never come here.
              if (!isPlainJson(one.value)) continue;
              const key = `render.${one.set}`;
              ever.set(key, [...(ever.get(key) ?? []), one.value]);
              log.set(key, one.value);
            } else if (statSync(path, { throwIfNoEntry: false })) {
              truncateSync(path, Math.max(0, statSync(path).size - one.cut));
              log = openOutcomeLog(path, 'me');
            }
          }
          for (const [key, values] of ever) {
            const found = log.get(key);
            if (found !== undefined) expect(values).toContainEqual(found);
          }
          expect(openOutcomeLog(path, 'another').get('render.0')).toBeUndefined();
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a line torn anywhere, with whatever follows it, takes no other whole line with it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-log-'));
    const path = join(folder, 'log');
    const texts = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), fc.nat(), (values, cut) => {
        rmSync(path, { force: true });
        const first = openOutcomeLog(path, 'me');
        for (const [index, value] of values.entries()) first.set(`key.${index}`, value);
        first.save();
        const whole = readFileSync(path);
        const head = whole.indexOf('\n') + 1;
        const size = head + (cut % (whole.length - head + 1));
        truncateSync(path, size);
        const second = openOutcomeLog(path, 'me');
        second.set('later', values);
        second.save();
        const third = openOutcomeLog(path, 'me');
        expect(third.get('later')).toEqual(values);
        let end = head;
        for (const [index, value] of values.entries()) {
          end = whole.indexOf(`key.${index} `, end);
          end = whole.indexOf('\n', end) + 1;
          // Only its line feed may be missing.
          if (end - 1 <= size) expect(third.get(`key.${index}`)).toBe(value);
          else expect(third.get(`key.${index}`)).toBeUndefined();
        }
      }),
      { numRuns: 300 },
    );
    rmSync(folder, { recursive: true });
  });

  test('is kept small: what nobody asks for any more goes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-log-'));
    const path = join(folder, 'log');
    const text = 'x'.repeat(300_000);
    for (let round = 0; round < 30; round += 1) {
      const log = openOutcomeLog(path, 'me');
      log.get(`key.${round - 1}`);
      log.set(`key.${round}`, text);
      log.save();
    }
    expect(statSync(path).size).toBeLessThan(3_000_000);
    expect(openOutcomeLog(path, 'me').get('key.29')).toBe(text);
    rmSync(folder, { recursive: true });
  });

  test('keeps what a process that asked for little did not ask for', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-log-'));
    const path = join(folder, 'log');
    const text = 'x'.repeat(50_000);
    const first = openOutcomeLog(path, 'me');
    for (let key = 0; key < 40; key += 1) first.set(`key.${key}`, text);
    first.save();
    const second = openOutcomeLog(path, 'me');
    second.set('key.40', text);
    second.save();
    const third = openOutcomeLog(path, 'me');
    for (let key = 0; key <= 40; key += 1) expect(third.get(`key.${key}`)).toBe(text);
    rmSync(folder, { recursive: true });
  });

  test('what counts as plain comes back from JSON as it was', () => {
    fc.assert(
      fc.property(fc.anything({ withDate: true, withMap: true, withBigInt: true }), (value) => {
        if (isPlainJson(value)) expect(JSON.parse(JSON.stringify(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
    expect(isPlainJson({ run: () => 1 })).toBe(false);
    expect(isPlainJson([new Date(0)])).toBe(false);
  });

  test('is added to without being read, and asked again afterwards', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemill-log-'));
    const path = join(folder, 'log');
    const first = openOutcomeLog(path, 'me');
    first.set('key.1', 'kept');
    first.save();
    const second = openOutcomeLog(path, 'me');
    await second.addOnly(async () => {
      expect(second.get('key.1')).toBeUndefined();
      second.set('key.2', 'added');
      expect(second.get('key.2')).toBe('added');
    });
    second.save();
    expect(second.get('key.1')).toBe('kept');
    const third = openOutcomeLog(path, 'me');
    expect([third.get('key.1'), third.get('key.2')]).toEqual(['kept', 'added']);
    // What another program left there is no place to add to.
    const other = openOutcomeLog(path, 'another');
    other.set('key.3', 'alone');
    other.save();
    const last = openOutcomeLog(path, 'another');
    expect([last.get('key.1'), last.get('key.3')]).toEqual([undefined, 'alone']);
    rmSync(folder, { recursive: true });
  });
});
