import type { ConfigIssue, StreamDeclaration } from '../declare/project/project.ts';
import type { Stream, StreamSettings, WantedStreams } from '../words/stream.ts';
import { didYouMean } from '../words/suggest.ts';

/** A stream that a project reads: its columns narrowed to what is wanted. */
export interface ChosenStream {
  readonly connection: string;
  readonly stream: Stream;
  readonly settings: StreamSettings;
}

export type StreamGroups = Readonly<Record<string, (streamName: string) => boolean>>;

const isPattern = (text: string): boolean => text.includes('*');

function toMatcher(pattern: string, groups: StreamGroups): (name: string) => boolean {
  const group = groups[pattern];
  if (group) return (name) => group(name) || name === pattern;
  if (!isPattern(pattern)) return (name) => name === pattern;
  const source = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${source.join('.*')}$`);
  return (name) => expression.test(name);
}

/** What to ask of `discover`: names where all are plain, so that nothing else need be listed. */
export function wantedStreams(
  declarations: readonly StreamDeclaration[],
  groups: StreamGroups,
): WantedStreams {
  const isOpen = declarations.some(({ pattern }) => isPattern(pattern) || groups[pattern]);
  if (!isOpen) return declarations.map(({ pattern }) => pattern);
  const matchers = declarations.map(({ pattern }) => toMatcher(pattern, groups));
  return (name) => matchers.some((matches) => matches(name));
}

/** Columns that landing needs whatever people leave out. */
function systemColumns(stream: Stream): Set<string> {
  const names = [stream.cursorField, stream.modifiedField, stream.deletedField];
  return new Set(
    [...stream.primaryKey, ...names, stream.mergedIntoField].filter((name) => name !== undefined),
  );
}

function narrow(stream: Stream, settings: StreamSettings): Stream {
  const kept = systemColumns(stream);
  const isWanted = (name: string): boolean =>
    kept.has(name) ||
    ((settings.fields?.includes(name) ?? true) && !settings.exclude?.includes(name));
  return { ...stream, columns: stream.columns.filter(({ name }) => isWanted(name)) };
}

function fieldIssues(stream: Stream, declaration: StreamDeclaration): ConfigIssue[] {
  const names = stream.columns.map(({ name }) => name);
  const { settings, pattern, position } = declaration;
  // A pattern stands for many streams: not each of them need have the field.
  if (isPattern(pattern)) return [];
  const mentioned = [
    ...(settings.fields ?? []),
    ...(settings.exclude ?? []),
    ...(settings.volatile?.fields ?? []),
  ];
  return mentioned
    .filter((name) => !names.includes(name))
    .map((name) => ({
      ...position,
      message: `${pattern} has no field "${name}" that this user may read${didYouMean(name, names)}`,
      hint: 'check the name, and the field-level permission of the user that signs in',
    }));
}

export interface Choice {
  readonly chosen: readonly ChosenStream[];
  /** By stream name: what is wrong with its declaration. The other streams are not held back. */
  readonly issues: ReadonlyMap<string, ConfigIssue>;
}

/** Joins what is declared with what the account has. A plain name beats a pattern. */
export function chooseStreams(
  connection: string,
  declarations: readonly StreamDeclaration[],
  discovered: readonly Stream[],
  groups: StreamGroups,
): Choice {
  const issues = new Map<string, ConfigIssue>();
  const chosen = new Map<string, ChosenStream>();
  const byExactness = declarations.toSorted(
    (left, right) => Number(isPattern(left.pattern)) - Number(isPattern(right.pattern)),
  );
  for (const declaration of byExactness) {
    const { pattern, settings, position } = declaration;
    const matches = toMatcher(pattern, groups);
    const found = discovered.filter(({ name }) => matches(name));
    if (found.length === 0 && !isPattern(pattern)) {
      issues.set(pattern, {
        ...position,
        message: `${connection} has no stream "${pattern}" that this user may read`,
        hint: `check the name (upper and lower case count) and the permissions; \`tidemill check\` lists what is there`,
      });
    }
    for (const stream of found) {
      if (chosen.has(stream.name) || issues.has(stream.name)) continue;
      const [issue] = fieldIssues(stream, declaration);
      if (issue) issues.set(stream.name, issue);
      else chosen.set(stream.name, { connection, stream: narrow(stream, settings), settings });
    }
  }
  return { chosen: [...chosen.values()], issues };
}
