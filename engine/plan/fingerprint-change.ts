import type { NodeFingerprint } from './fingerprint.ts';

/** What is remembered of a node that was built. */
interface Standing {
  readonly fingerprint: string;
  readonly writtenAs?: string | undefined;
}

/** The fingerprint as what stands was built, where that was of the same; else the one of now. */
export function printOf(
  standing: Standing | undefined,
  print: NodeFingerprint | undefined,
): string {
  if (standing && standing.fingerprint === print?.byTexts) return print.byTexts;
  return print?.fingerprint ?? '';
}

/**
 * Whether what stands was built of the same, variables and the environment apart: a table that is
 * added to takes those for what this run is about, as in `where day = '{{ var("day") }}'`.
 */
export function isWrittenAs(
  standing: Standing | undefined,
  print: NodeFingerprint | undefined,
): boolean {
  if (!standing || !print) return false;
  if (standing.fingerprint === printOf(standing, print)) return true;
  const { fingerprint, writtenAs } = standing;
  if (fingerprint === '' || writtenAs === undefined) return false;
  return writtenAs === print.writtenAs || writtenAs === print.writtenByTexts;
}

const partNames = ['the engine', 'its SQL', 'its config', 'a model it reads'] as const;

/** What changed between two fingerprints of one node, in words; empty where nothing did. */
export function explainChange(
  before: string,
  after: string,
  told: readonly (string | undefined)[] = [],
): string[] {
  if (before === after) return [];
  const [old, now] = [before.split('.'), after.split('.')];
  if (old.length !== now.length) return ['the engine changed'];
  return partNames
    .filter((_, index) => old[index] !== now[index])
    .map((name) => `${name === 'its SQL' ? whatOfItsSql(told) : name} changed`);
}

/** SQL that changed though its file did not: by what the file calls or reads. */
function whatOfItsSql([before, after]: readonly (string | undefined)[]): string {
  const [old, now] = [before?.split('.'), after?.split('.')];
  if (now?.[0] === 'seed') return 'its file';
  if (now?.[0] === 'script') return 'its code';
  if (!old || !now || old[0] !== now[0]) return 'its SQL';
  return old[1] === now[1] ? 'a macro it uses' : 'a variable it reads';
}
