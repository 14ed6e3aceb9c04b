import { didYouMean } from '../words/suggest.ts';
import { type Config, isConfig } from './config.ts';
import { openTextRenderer } from './entry-config.ts';
import { renderHeld } from './held-templates.ts';
import type { ProjectDisk } from './memory/project-disk.ts';
import { collectFaults, type FaultList, formatFault } from './model-fault.ts';
import { readFileText } from './project-files.ts';
import type { Reading } from './rendering.ts';
import { openEntries, type SelectorEntry, type Selectors, selectorsName } from './selectors.ts';
import { reportTemplateError } from './template-fault.ts';
import { parseYaml, type YamlFile, type YamlPath } from './yaml-file.ts';

const fileKeys = ['selectors', 'version'];
const entryKeys = ['name', 'definition', 'description', 'default'];

/** Reads `selectors.yml` of the project's folder; a folder without one has no selectors. */
export async function readSelectors(
  disk: ProjectDisk,
  reading: Reading,
  faults: FaultList,
): Promise<Selectors> {
  const own = collectFaults();
  const yaml = parseYaml(selectorsName, readFileText(disk, selectorsName, own) ?? '', own);
  const entries = yaml ? await readEntries(yaml, reading, own) : [];
  if (yaml) reportDefinitions(yaml, entries, own);
  faults.add(own.all);
  const flaws = own.all.filter(({ severity }) => severity === 'error').map(formatFault);
  return { entries, flaws };
}

async function readEntries(
  yaml: YamlFile,
  reading: Reading,
  faults: FaultList,
): Promise<SelectorEntry[]> {
  const { value } = yaml;
  if (value === null || value === undefined) return [];
  const list = isConfig(value) ? value['selectors'] : undefined;
  if (isConfig(value)) reportUnknown(yaml, value, [], fileKeys, faults);
  if (!Array.isArray(list)) {
    faults.error(yaml.placeOf(['selectors']), 'there must be a list under "selectors"');
    return [];
  }
  const entries: SelectorEntry[] = [];
  for (const [index, written] of list.entries()) {
    const entry = await renderEntry(yaml, written, index, { reading, faults });
    const read = readEntry(yaml, entry, index, faults);
    if (read) entries.push(read);
  }
  for (const { index } of entries.filter(({ isStandard }) => isStandard).slice(1)) {
    const complaint = 'another selector is the default one already';
    faults.error(yaml.placeOf(['selectors', index, 'default']), complaint);
  }
  return entries;
}

async function renderEntry(
  yaml: YamlFile,
  entry: unknown,
  index: number,
  { reading, faults }: { readonly reading: Reading; readonly faults: FaultList },
): Promise<unknown> {
  const about = {
    id: selectorsName,
    name: selectorsName,
    packageName: reading.name,
    file: selectorsName,
  };
  const place = { ...about, fqn: [reading.name], resourceType: 'selector' };
  try {
    return await renderHeld(entry, openTextRenderer(reading, place));
  } catch (error) {
    reportTemplateError(error, yaml.placeOf(['selectors', index]), faults);
    return undefined;
  }
}

function readEntry(
  yaml: YamlFile,
  entry: unknown,
  index: number,
  faults: FaultList,
): SelectorEntry | undefined {
  const at = ['selectors', index];
  if (!isConfig(entry)) {
    const complaint = 'a selector must be a map with "name" and "definition"';
    if (entry !== undefined) faults.error(yaml.placeOf(at), complaint);
    return undefined;
  }
  reportUnknown(yaml, entry, at, entryKeys, faults);
  const { name, definition, default: isStandard = false } = entry;
  if (typeof isStandard !== 'boolean') {
    faults.error(yaml.placeOf([...at, 'default']), '"default" must be true or false');
  }
  if (typeof name === 'string')
    return { name, definition, isStandard: isStandard === true, entry, index };
  faults.error(yaml.placeOf([...at, 'name']), 'a selector must have a text as its "name"');
  return undefined;
}

function reportUnknown(
  yaml: YamlFile,
  map: Config,
  at: YamlPath,
  known: readonly string[],
  faults: FaultList,
): void {
  for (const key of Object.keys(map).filter((one) => !known.includes(one))) {
    const complaint = `unknown key "${key}"${didYouMean(key, known)}`;
    faults.error(yaml.placeOf([...at, key], 'key'), complaint);
  }
}

function reportDefinitions(
  yaml: YamlFile,
  entries: readonly SelectorEntry[],
  faults: FaultList,
): void {
  const { find } = openEntries(entries, {
    refuse: (at, complaint) => faults.error(yaml.placeOf(at), complaint),
    warn: (at, complaint) => faults.warn(yaml.placeOf(at, 'key'), complaint),
  });
  const last = new Map(entries.map(({ name, index }) => [name, index]));
  for (const { name, index } of entries) {
    find(name, []);
    if (last.get(name) === index) continue;
    const complaint = `another selector is named "${name}" as well: the last one counts`;
    faults.warn(yaml.placeOf(['selectors', index, 'name']), complaint);
  }
}
