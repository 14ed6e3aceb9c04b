import { describe, expect, test } from 'vitest';
import { JinjaError } from '../../engine/declare/jinja/jinja-error.ts';
import { codesByClass, listCorpora, readCorpus, renderCase } from './corpus-case.ts';

describe.each(listCorpora())('what jinja2 prints, we print: %s', (file) => {
  test.each(readCorpus(file))('$name: $template', async (item) => {
    const { golden } = item;
    const result = await renderCase(item);
    if (golden.error === undefined) {
      expect(result instanceof JinjaError ? result.message : result).toBe(golden.output);
      return;
    }
    if (!(result instanceof JinjaError)) {
      expect(result).toEqual({ error: golden.error, message: golden.message });
      return;
    }
    expect(codesByClass[golden.error]).toContain(result.code);
    if (result.code === 'jinja-undefined') expect(result.detail).toBe(golden.message);
    if (golden.line !== undefined) expect(result.line).toBe(golden.line);
  });
});
