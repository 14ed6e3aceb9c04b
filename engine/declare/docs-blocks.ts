import { didYouMean } from '../words/suggest.ts';
import { findDocs } from './jinja/find-docs.ts';
import { jinjaError } from './jinja/jinja-error.ts';
import { parseTemplate } from './jinja/parse-template.ts';
import { renderTemplate } from './jinja/render-template.ts';
import { HostFunction, type JinjaValue } from './jinja/values.ts';
import type { FaultList } from './model-fault.ts';
import type { PackageSource } from './package-source.ts';
import type { PlacedEntry } from './properties.ts';
import { reportTemplateError } from './template-fault.ts';

/** A text of a Markdown file that descriptions may name: `{{ doc('x') }}`. */
export interface DocsBlockNode {
  /** `doc.<package>.<name>`, as in dbt. */
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  readonly file: string;
  readonly contents: string;
}

export interface DocsIndex {
  readonly blocks: ReadonlyMap<string, DocsBlockNode>;
  /** The function `doc` as the package sees it; `used` gains the ids of what was asked for. */
  functionFor(packageName: string, used: Set<string>): JinjaValue;
}

/** Every docs block of every package; two of one name in a package are a fault. */
export async function indexDocs(
  packages: readonly PackageSource[],
  faults: FaultList,
): Promise<DocsIndex> {
  const blocks = new Map<string, DocsBlockNode>();
  for (const pack of packages) {
    for (const { file, text } of pack.markdown) {
      for (const { name, contents, line } of findDocs(text)) {
        const place = { file, line, column: 1 };
        const id = `doc.${pack.name}.${name}`;
        const first = blocks.get(id);
        if (first) {
          const message = `the docs block "${name}" is written twice; the other is in ${first.file}`;
          faults.error(place, message);
          continue;
        }
        let rendered = contents.trim();
        try {
          rendered = await renderContents(rendered);
        } catch (error) {
          reportTemplateError(error, place, faults);
        }
        blocks.set(id, { id, name, packageName: pack.name, file, contents: rendered });
      }
    }
  }
  return lookUpDocs(
    blocks,
    packages.map(({ name }) => name),
  );
}

/** The index over blocks that were found; `names` are those of the packages, the project first. */
export function lookUpDocs(blocks: DocsIndex['blocks'], names: readonly string[]): DocsIndex {
  return {
    blocks,
    functionFor: (packageName, used) =>
      new HostFunction('doc', (args) => {
        const [first, second] = args.map(String);
        const order = second === undefined ? [packageName, ...names] : [first ?? ''];
        const wanted = second ?? first ?? '';
        for (const name of order) {
          const block = blocks.get(`doc.${name}.${wanted}`);
          if (!block) continue;
          used.add(block.id);
          return block.contents;
        }
        const known = [...blocks.values()].map(({ name }) => name);
        const spelled = args.map((part) => `'${String(part)}'`).join(', ');
        const message = `there is no docs block for doc(${spelled})${didYouMean(wanted, known)}`;
        const hint = 'write {% docs name %}…{% enddocs %} in a Markdown file of the models';
        throw jinjaError('jinja-undefined', message, hint);
      }),
  };
}

/** What YAML says of macros, by the macros' ids. */
export function collectMacroPatches(
  packages: readonly PackageSource[],
): ReadonlyMap<string, PlacedEntry> {
  return new Map(
    packages.flatMap((pack) =>
      (pack.properties.macros ?? []).map((placed): [string, PlacedEntry] => [
        `macro.${pack.name}.${String(placed.entry['name'])}`,
        placed,
      ]),
    ),
  );
}

/** A block may hold what a template may, with no name to ask for: most hold plain text. */
async function renderContents(text: string): Promise<string> {
  if (!/\{[{%#]/.test(text)) return text;
  const globals = { get: () => undefined };
  return (await renderTemplate(parseTemplate(text, { file: '<docs>' }), { globals })).trim();
}
