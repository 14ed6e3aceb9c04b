import { messageOf } from '../words/errors.ts';
import type { Template } from './jinja/ast.ts';
import { JinjaError } from './jinja/jinja-error.ts';
import { recallTemplate } from './lazy-template.ts';
import { type Memory, noMemory } from './memory/memory.ts';
import type { FaultList, Place } from './model-fault.ts';

/** A template, or undefined and a fault with its place. */
export function parseOrReport(
  file: string,
  text: string,
  faults: FaultList,
  nodeId?: string,
  memory: Memory = noMemory,
): Template | undefined {
  try {
    return recallTemplate(memory, file, text);
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    const place = { file, line: error.line ?? 1, column: error.column ?? 1 };
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    faults.error(place, error.detail, { ...hint, ...(nodeId === undefined ? {} : { nodeId }) });
    return undefined;
  }
}

/** A fault of a template, told where it arose, or at `fallback` when it arose in no file. */
export function reportTemplateError(
  error: unknown,
  fallback: Place,
  faults: FaultList,
  nodeId?: string,
): void {
  const { file, line, column } = error instanceof JinjaError ? error : {};
  const isPlaced = file !== undefined && !file.startsWith('<');
  const place = isPlaced ? { file, line: line ?? 1, column: column ?? 1 } : fallback;
  const hint =
    error instanceof Error && 'hint' in error && typeof error.hint === 'string'
      ? { hint: error.hint }
      : {};
  const message =
    error instanceof JinjaError ? `${error.detail}${formatCallers(error)}` : messageOf(error);
  faults.error(place, message, { ...(nodeId === undefined ? {} : { nodeId }), ...hint });
}

/** Macros named in one line; the place where they were called says most. */
const macrosMax = 4;

/** Which macros were running, innermost first, and where all of it was called. */
function formatCallers({ macroStack }: JinjaError): string {
  const outermost = macroStack.at(-1);
  if (outermost === undefined) return '';
  const names = macroStack.slice(0, macrosMax).map(({ macro }) => macro);
  const more = macroStack.length > macrosMax ? ', …' : '';
  const { file, line, column } = outermost;
  return ` (in macro ${names.join(', ')}${more}, called at ${file}:${line}:${column})`;
}
