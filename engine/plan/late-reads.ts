import { findMacroCalls, macroText, tagTexts } from '../declare/macro-calls.ts';
import { internalPackage, type MacroEntry } from '../declare/macro-library.ts';
import type { ModelNode } from '../declare/model-node.ts';
import type { ModelProject } from '../declare/model-project.ts';
import { traceOfVar } from '../declare/scope-functions.ts';

const namedVars = /\bvar(?:\.has_var)?\(\s*['"]([^'"]+)['"]/g;
const namedEnv = /\benv_var\(\s*['"]([^'"]+)['"]/g;
const namedConfig = /\bconfig\.\w+\(\s*['"]([^'"]+)['"]/g;
const namedProperty = /\bmodel\.(\w+)/g;

/**
 * What templates that are rendered while a node is built will read, as far as their texts tell:
 * macros by their digests, variables, the environment, the target and what is said of the node by
 * their values. Texts that are made of other texts are not followed.
 */
export function findLateReads(
  project: ModelProject,
  node: ModelNode,
  templates: readonly string[],
): readonly unknown[] {
  const macros = new Map<string, MacroEntry>();
  const texts = templates.map((text) => ({ text, packageName: node.packageName }));
  for (const { text, packageName: from } of texts) {
    for (const id of findMacroCalls(project.library, from, text)) {
      const macro = project.library.byId(id);
      // Those of the program itself change with its version alone.
      if (macro === undefined || macros.has(id) || macro.packageName === internalPackage) continue;
      macros.set(id, macro);
      texts.push({ text: macroText(macro), packageName: macro.packageName });
    }
  }
  const named = (pattern: RegExp, find: (name: string) => unknown, among: readonly string[]) =>
    among.flatMap((text) =>
      [...text.matchAll(pattern)].map(([, name = '']) => [name, find(name) ?? null]),
    );
  const whole = texts.map(({ text }) => text);
  const tags = texts.flatMap(({ text }) => tagTexts(text));
  const { raw } = node.nodeConfig;
  const meta = (raw['meta'] ?? {}) as Readonly<Record<string, unknown>>;
  const said = [
    ...named(namedConfig, (name) => raw[name] ?? meta[name], tags),
    ...named(namedProperty, (name) => propertiesOf(node)[name], tags),
    ...(tags.some((text) => /\btarget\b/.test(text)) ? [targetOf(project)] : []),
  ];
  return [
    [...macros.values()].map(({ id, digest }) => [id, digest]),
    // As in dbt, a variable is the node's, whichever package has the macro that reads it.
    named(namedVars, (name) => traceOfVar(project.vars.find(name, node.packageName)), whole),
    named(namedEnv, (name) => project.env[name], whole),
    // At the end and only where there is one: other nodes keep the fingerprint they have.
    ...(said.length > 0 ? [said] : []),
  ];
}

/** What may be said of a node, its text and its name apart: those have a part of their own. */
function propertiesOf({ description, columns, nodeConfig }: ModelNode): Record<string, unknown> {
  const { raw } = nodeConfig;
  return { description, columns, config: raw, meta: raw['meta'], tags: nodeConfig.tags };
}

function targetOf({ target: { name, schema, database } }: ModelProject): unknown {
  return ['target', name, schema, database];
}
