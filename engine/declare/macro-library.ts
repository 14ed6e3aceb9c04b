import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { plainMacros, writeDispatchers } from './dbt-macros.ts';
import type { MacroKind, MacroNode, Template } from './jinja/ast.ts';
import { findPosition } from './jinja/source-text.ts';
import { lazyTemplate } from './lazy-template.ts';
import { digestText, keyOf, type Memory, noMemory } from './memory/memory.ts';
import type { FaultList, Place } from './model-fault.ts';
import { parseOrReport } from './template-fault.ts';
import { dbtNamingMacros, testMacros } from './test-macros.ts';

/** The package that stands for dbt itself: its macros are ours, and every package sees them. */
export const internalPackage = 'dbt';

export interface MacroEntry {
  /** `macro.<package>.<name>`, as in dbt's manifest. */
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly macroKind: MacroKind;
  /** Where it stands in its template's text. */
  readonly at: number;
  readonly node: MacroNode;
  readonly template: Template;
  /** Of the macro's own text. */
  readonly digest: string;
}

export interface MacroLibrary {
  readonly all: readonly MacroEntry[];
  /** By dbt's order: the package's own, the project's, dbt's. */
  find(name: string, packageName: string): MacroEntry | undefined;
  /** Only what the package itself defines. */
  findIn(name: string, packageName: string): MacroEntry | undefined;
  isPackage(name: string): boolean;
  /** Of every package but dbt itself, the project first. */
  readonly versions: ReadonlyMap<string, string>;
  byId(id: string): MacroEntry | undefined;
  /** Of everything that decides which macro a name means: the same shape, the same macros found. */
  readonly shape: string;
  /** `adapter.dispatch`: the adapter's own variant first, then the default one. */
  dispatch(
    name: string,
    namespace: string | undefined,
    packageName: string,
  ): MacroEntry | { readonly searched: readonly string[] };
}

export interface MacroPackage {
  readonly name: string;
  readonly version: string;
  readonly macros: readonly { readonly file: string; readonly text: string }[];
  readonly dispatch: ReadonlyMap<string, readonly string[]>;
  readonly nullsAreEqual: boolean;
}

/** `dbt.equals` where a flag of the project says that two nulls are the same. */
const equalNulls = `{% macro duckdb__equals(expr1, expr2) %}
    case when (({{ expr1 }} = {{ expr2 }}) or ({{ expr1 }} is null and {{ expr2 }} is null))
        then 0
        else 1
    end = 0
{% endmacro %}`;

/** Parsed once a process: the texts are part of the program. */
let internalEntries: MacroEntry[] | undefined;

/** Macros that are written as SQL files beside this one; the build copies them along. */
const macroFiles = ['cross-database', 'history', 'materialization', 'snapshot'] as const;

function readInternalMacros(faults: FaultList, memory: Memory): MacroEntry[] {
  const written = macroFiles.map((name) => ({
    file: `dbt/${name}.sql`,
    text: readFileSync(new URL(`./macros/${name}.sql`, import.meta.url), 'utf8'),
  }));
  const dispatchers = writeDispatchers(written[0]?.text ?? '');
  const texts = [dispatchers, plainMacros, testMacros, dbtNamingMacros].map((text, index) => ({
    file: `dbt/macros-${index + 1}.sql`,
    text,
  }));
  return [...texts, ...written].flatMap(({ file, text }) =>
    parseMacros(internalPackage, file, text, faults, memory),
  );
}

/** `packages`: the project first, then what it has installed. */
export function buildMacroLibrary(
  packages: readonly MacroPackage[],
  adapterType: string,
  faults: FaultList,
  memory: Memory = noMemory,
): MacroLibrary {
  internalEntries ??= readInternalMacros(faults, memory);
  const byPackage = new Map<string, Map<string, MacroEntry>>();
  for (const { name, macros } of packages) {
    const found = macros.flatMap(({ file, text }) => parseMacros(name, file, text, faults, memory));
    byPackage.set(name, indexMacros(found, faults));
  }
  const root = packages[0];
  const flagged = root?.nullsAreEqual
    ? parseMacros(internalPackage, 'dbt/equals.sql', equalNulls, faults, memory)
    : [];
  byPackage.set(internalPackage, indexMacros([...internalEntries, ...flagged], faults));
  const rootName = root?.name ?? '';
  const findIn: MacroLibrary['findIn'] = (name, packageName) =>
    byPackage.get(packageName)?.get(name);
  const find: MacroLibrary['find'] = (name, packageName) =>
    findIn(name, packageName) ?? findIn(name, rootName) ?? findIn(name, internalPackage);
  const variants = [`${adapterType}__`, 'default__'];
  const all = [...byPackage.values()].flatMap((macros) => [...macros.values()]);
  const versions = new Map(packages.map(({ name, version }) => [name, version]));
  const byId = new Map(all.map((entry) => [entry.id, entry]));
  const names = [...byPackage].map(([name, macros]) => [name, [...macros.keys()]]);
  return {
    all,
    byId: (id) => byId.get(id),
    versions,
    shape: digestText(
      JSON.stringify([names, adapterType, [...(root?.dispatch ?? [])], [...versions]]),
    ),
    find,
    findIn,
    isPackage: (name) => byPackage.has(name),
    dispatch: (name, namespace, packageName) => {
      const isKnown = namespace !== undefined && byPackage.has(namespace);
      // As in dbt, a namespace that nobody has is no namespace.
      const places =
        root?.dispatch.get(namespace ?? '') ?? (isKnown ? [rootName, namespace] : undefined);
      for (const [index, place] of (places ?? ['']).entries()) {
        for (const variant of variants) {
          const wanted = `${variant}${name}`;
          const entry = places === undefined ? find(wanted, packageName) : findIn(wanted, place);
          if (entry) return entry;
        }
        // What we know of the adapter goes before a package's default, behind the project's own.
        const ours = index === 0 && findIn(`${variants[0] ?? ''}${name}`, internalPackage);
        if (ours) return ours;
      }
      const names = variants.map((variant) => `${variant}${name}`);
      return {
        searched: places?.flatMap((place) => names.map((one) => `${place}.${one}`)) ?? names,
      };
    },
  };
}

/** What is remembered of a macro: enough to find it, not to run it. */
interface MacroOutline {
  readonly name: string;
  readonly kind: MacroKind;
  readonly at: number;
  readonly digest: string;
}

function parseMacros(
  packageName: string,
  file: string,
  text: string,
  faults: FaultList,
  memory: Memory,
): MacroEntry[] {
  const key = keyOf('macros', text);
  const known = memory.get(key) as readonly MacroOutline[] | undefined;
  const template = known ? lazyTemplate(file, text) : parseOrReport(file, text, faults);
  if (template === undefined) return [];
  const outlines = known ?? outlineMacros(template);
  if (!known) memory.set(key, outlines);
  const find = (at: number): MacroNode => {
    const node = template.body.find((one) => one.kind === 'macro' && one.at === at);
    if (node?.kind === 'macro') return node;
    throw new Error(`${file} holds no macro at ${at}`);
  };
  return outlines.map(({ name, kind, at, digest }) => ({
    id: `macro.${packageName}.${name}`,
    name,
    packageName,
    file,
    macroKind: kind,
    at,
    template,
    digest,
    get node() {
      return find(at);
    },
  }));
}

function outlineMacros(template: Template): MacroOutline[] {
  return template.body.flatMap((node) => {
    if (node.kind !== 'macro') return [];
    const source = template.text.slice(node.at, node.bodyEnd);
    const digest = createHash('sha256').update(source).digest('hex');
    return [{ name: node.macroName, kind: node.macroKind, at: node.at, digest }];
  });
}

function indexMacros(entries: readonly MacroEntry[], faults: FaultList): Map<string, MacroEntry> {
  const byName = new Map<string, MacroEntry>();
  for (const entry of entries) {
    const first = byName.get(entry.name);
    if (first !== undefined && first !== entry) {
      faults.error(
        placeOfMacro(entry),
        `the macro "${entry.name}" is defined twice; the other is in ${first.file}`,
      );
      continue;
    }
    byName.set(entry.name, entry);
  }
  return byName;
}

function placeOfMacro(entry: MacroEntry): Place {
  const { line, column } = findPosition(entry.template, entry.at);
  return { file: entry.file, line, column };
}
