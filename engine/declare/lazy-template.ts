import type { Body, Template } from './jinja/ast.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { createSourceText } from './jinja/source-text.ts';
import { keyOf, type Memory, noMemory } from './memory/memory.ts';

/**
 * A template whose tree is made when it is first looked at. Only for texts that are known to parse:
 * an error would come up where nobody expects one.
 */
export function lazyTemplate(file: string, text: string): Template {
  const source = createSourceText(text, file, false);
  let body: Body | undefined;
  return {
    file,
    text: source.text,
    lineStarts: source.lineStarts,
    get body() {
      body ??= parseTemplate(text, { file }).body;
      return body;
    },
  };
}

/** Parses a text, or takes the memory's word that it can be. @throws JinjaError */
export function recallTemplate(memory: Memory, file: string, text: string): Template {
  if (memory === noMemory) return parseTemplate(text, { file });
  const key = keyOf('template', text);
  if (memory.get(key) === true) return lazyTemplate(file, text);
  const template = parseTemplate(text, { file });
  memory.set(key, true);
  return template;
}
