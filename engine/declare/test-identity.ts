import { hash } from 'node:crypto';
import type { Config } from './config.ts';
import { printValue, reprValue } from './jinja/print.ts';
import { toPython } from './jinja/python-value.ts';
import type { ModelNode, SourceNode } from './model-node.ts';
import type { PackageSource } from './package-source.ts';
import type { TestEntry } from './properties.ts';
import { foldersOf } from './yaml-folders.ts';

/** What a generic test is called and known by: the same as in dbt, so that states can be shared. */
export interface TestIdentity {
  readonly id: string;
  /** The test, its node, and its arguments in order of their names; or what people called it. */
  readonly name: string;
  /** The name, shortened where a file or a table could not have it. */
  readonly alias: string;
  readonly fqn: readonly string[];
  /** Arguments of the test's macro as they were written, the tested relation among them. */
  readonly kwargs: Config;
}

const nameLengthMax = 63;
const shortStart = 30;
const digestLength = 10;

export function identifyTest(
  pack: PackageSource,
  node: ModelNode | SourceNode,
  entry: TestEntry,
  column: string | undefined,
): TestIdentity {
  const [first = '', second] = entry.test.split('.');
  const own: Config = {
    ...entry.arguments,
    ...(column === undefined ? {} : { column_name: column }),
  };
  const made = nameTest(entry.test, node, own);
  const name = entry.name ?? made.name;
  const kwargs = { ...own, model: `{{ get_where_subquery(${callOf(node)}) }}` };
  const namespace = second === undefined ? null : first;
  const metadata = { namespace, name: second ?? first, kwargs };
  const digest = hash('md5', `${name}${reprTexts(metadata)}`).slice(-digestLength);
  return {
    id: `test.${pack.name}.${name}.${digest}`,
    name,
    alias: entry.name ?? made.alias,
    fqn: [pack.name, ...foldersOf(pack, entry.place.file), name],
    kwargs,
  };
}

/** How the macro's `model` is written in dbt. */
function callOf(node: ModelNode | SourceNode): string {
  if (node.resourceType === 'source') return `source('${node.sourceName}', '${node.name}')`;
  const version = node.version === undefined ? '' : `, version='${node.version}'`;
  return `ref('${node.name}'${version})`;
}

function nameTest(
  test: string,
  node: ModelNode | SourceNode,
  given: Config,
): { readonly name: string; readonly alias: string } {
  const isSource = node.resourceType === 'source';
  const version = !isSource && node.version !== undefined ? `_v${node.version}` : '';
  const [first = '', second] = test.split('.');
  const plain = `${isSource ? 'source_' : ''}${second ?? first}`;
  const macro = second === undefined ? plain : `${first}_${plain}`;
  const subject = isSource ? `${node.sourceName}_${node.name}` : `${node.name}${version}`;
  const start = `${macro}_${subject}`;
  const parts = Object.keys(given)
    .sort()
    .flatMap((key) => {
      const value = given[key];
      if (Array.isArray(value)) return value as unknown[];
      return value !== null && typeof value === 'object' ? Object.values(value) : [value];
    })
    .map((value) => printText(value).replace(/[^0-9a-zA-Z_]+/g, '_'));
  const name = `${start}_${parts.join('__')}`;
  if (name.length <= nameLengthMax) return { name, alias: name };
  const digest = hash('md5', name);
  return { name, alias: `${start.slice(0, shortStart)}_${digest}` };
}

/** dbt digests texts as Python prints them: maps by their keys, lists as they are. */
function reprTexts(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reprTexts).join(', ')}]`;
  if (value === null || typeof value !== 'object') return reprText(printText(value));
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([key, item]) => `${reprText(key)}: ${reprTexts(item)}`).join(', ')}}`;
}

/** Of texts that need no escape, which are nearly all of thousands. */
const plainText = /^[ -&(-[\]-~]*$/;

function reprText(text: string): string {
  return plainText.test(text) ? `'${text}'` : reprValue(text);
}

function printText(value: unknown): string {
  return typeof value === 'string' ? value : printValue(toPython(value));
}
