import { readdirSync, readFileSync } from 'node:fs';
import { JinjaError } from '../../engine/declare/jinja/jinja-error.ts';
import { decodeJson } from '../../engine/declare/jinja/json-text.ts';
import { parseTemplate } from '../../engine/declare/jinja/parse-template.ts';
import { renderTemplate } from '../../engine/declare/jinja/render-template.ts';
import type { LexerOptions } from '../../engine/declare/jinja/token.ts';
import { type JinjaValue, PyDict } from '../../engine/declare/jinja/values.ts';

/** One line of the corpus beside what Python made of it. */
export interface CorpusCase {
  readonly name: string;
  readonly template: string;
  readonly variables: readonly (readonly [string, JinjaValue])[];
  readonly options: PyDict;
  readonly golden: Golden;
}

export interface Golden {
  readonly output?: string;
  readonly error?: string;
  readonly message?: string;
  readonly line?: number;
}

const here = new URL('.', import.meta.url);

function readLines(path: string): string[] {
  const text = readFileSync(new URL(path, here), 'utf8');
  return text.split('\n').filter((line) => line.trim() !== '');
}

export function listCorpora(): string[] {
  return readdirSync(new URL('corpus/', here)).sort();
}

export function readCorpus(file: string): CorpusCase[] {
  const goldens = readLines(`golden/${file}`).map((line): Golden => JSON.parse(line));
  return readLines(`corpus/${file}`).map((line, i) => {
    // Read by the interpreter's own JSON, which keeps 1.0 and 1 apart as Python's does.
    const row = decodeJson(line);
    if (!(row instanceof PyDict)) throw new Error(`${file}:${i + 1} is no object`);
    const context = row.get('context');
    const options = row.get('options');
    return {
      name: String(row.get('name')),
      template: String(row.get('template')),
      variables:
        context instanceof PyDict
          ? context.entries().map(([key, value]) => [String(key), value] as const)
          : [],
      options: options instanceof PyDict ? options : new PyDict(),
      golden: goldens[i] ?? {},
    };
  });
}

function readLexerOptions(options: PyDict): LexerOptions {
  const comment = options.get('line_comment_prefix');
  const statement = options.get('line_statement_prefix');
  return {
    trimBlocks: options.get('trim_blocks') === true,
    lstripBlocks: options.get('lstrip_blocks') === true,
    keepTrailingNewline: options.get('keep_trailing_newline') === true,
    ...(typeof comment === 'string' && { lineComment: comment }),
    ...(typeof statement === 'string' && { lineStatement: statement }),
  };
}

/** Renders a case as the golden script does; an error comes back as a value. */
export async function renderCase(test: CorpusCase): Promise<string | JinjaError> {
  const { options } = test;
  const lexer = readLexerOptions(options);
  const templates = options.get('templates');
  try {
    return await renderTemplate(parseTemplate(test.template, { file: 'case', ...lexer }), {
      variables: test.variables,
      undefined: options.get('undefined') === 'strict' ? 'strict' : 'permissive',
      loader: (name) => {
        const text = templates instanceof PyDict ? templates.get(name) : undefined;
        return typeof text === 'string' ? parseTemplate(text, { file: name, ...lexer }) : undefined;
      },
    });
  } catch (error) {
    if (error instanceof JinjaError) return error;
    throw error;
  }
}

/** Which of our codes stand for an exception class of Python's. */
export const codesByClass: Readonly<Record<string, readonly string[]>> = {
  TemplateSyntaxError: ['jinja-syntax'],
  TemplateAssertionError: ['jinja-syntax'],
  TemplateRuntimeError: ['jinja-type', 'jinja-syntax'],
  TemplateNotFound: ['jinja-template'],
  TemplatesNotFound: ['jinja-template'],
  UndefinedError: ['jinja-undefined', 'jinja-type'],
  FilterArgumentError: ['jinja-type', 'jinja-value'],
  TypeError: ['jinja-type'],
  AttributeError: ['jinja-type'],
  ValueError: ['jinja-value'],
  ZeroDivisionError: ['jinja-value'],
  KeyError: ['jinja-value'],
  IndexError: ['jinja-value'],
  OverflowError: ['jinja-size', 'jinja-value'],
};
