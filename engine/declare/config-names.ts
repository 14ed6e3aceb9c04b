import { suggestName } from '../words/suggest.ts';
import { configKeys, isConfigKey } from './config-keys.ts';
import type { FaultList } from './model-fault.ts';
import type { ModelNode } from './model-node.ts';
import { placeOfWords } from './word-place.ts';

/** Shorter words are near too many others. */
const lengthMin = 5;

/**
 * Keys that no one reads and that are a letter or two from one that is read: `materialised`. Of the
 * project's own nodes alone, since nobody mends a package; each key once.
 */
export function reportMisspelt(
  nodes: readonly ModelNode[],
  projectName: string,
  faults: FaultList,
): void {
  const told = new Set<string>();
  for (const { nodeConfig, packageName, file, text } of nodes) {
    if (packageName !== projectName || nodeConfig.materialization === 'custom') continue;
    for (const key of Object.keys(nodeConfig.raw)) {
      if (isConfigKey(key) || key.length < lengthMin || told.has(key)) continue;
      const meant = suggestName(key, configKeys);
      if (meant === undefined || isFar(key, meant)) continue;
      told.add(key);
      const complaint = `config "${key}" is read by nothing; did you mean "${meant}"?`;
      const place = placeOfWords(file, text, complaint) ?? { file, line: 1, column: 1 };
      faults.warn(place, complaint, {
        hint: 'a key of your own belongs under meta',
        name: 'CustomKeyInConfigDeprecation',
      });
    }
  }
}

/** The first letter stands, one other differs at most: short words of one's own are near many. */
function isFar(key: string, meant: string): boolean {
  if (Math.abs(key.length - meant.length) > 1 || key[0] !== meant[0]) return true;
  const rest = [...meant];
  const strange = [...key].filter((letter) => {
    const at = rest.indexOf(letter);
    if (at !== -1) rest.splice(at, 1);
    return at === -1;
  });
  return strange.length > 1;
}
