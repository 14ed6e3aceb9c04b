import { findMacroCalls, macroText } from '../declare/macro-calls.ts';
import { internalPackage, type MacroEntry } from '../declare/macro-library.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { traceOfVar } from '../declare/scope-functions.ts';

const namedVars = /\bvar\(\s*['"](\w+)['"]/g;
const namedEnv = /\benv_var\(\s*['"](\w+)['"]/g;

/**
 * What templates that are rendered while a node is built will read, as far as their texts tell:
 * macros by their digests, variables and the environment by their values. Texts that are made of
 * other texts are not followed.
 */
export function findLateReads(
  project: ModelProject,
  packageName: string,
  templates: readonly string[],
): readonly unknown[] {
  const macros = new Map<string, MacroEntry>();
  const texts = templates.map((text) => ({ text, packageName }));
  for (const { text, packageName: from } of texts) {
    for (const id of findMacroCalls(project.library, from, text)) {
      const macro = project.library.byId(id);
      // Those of the program itself change with its version alone.
      if (macro === undefined || macros.has(id) || macro.packageName === internalPackage) continue;
      macros.set(id, macro);
      texts.push({ text: macroText(macro), packageName: macro.packageName });
    }
  }
  const named = (pattern: RegExp, find: (name: string, from: string) => unknown) =>
    texts.flatMap(({ text, packageName: from }) =>
      [...text.matchAll(pattern)].map(([, name = '']) => [name, find(name, from)]),
    );
  return [
    [...macros.values()].map(({ id, digest }) => [id, digest]),
    named(namedVars, (name, from) => traceOfVar(project.vars.find(name, from))),
    named(namedEnv, (name) => project.env[name] ?? null),
  ];
}
