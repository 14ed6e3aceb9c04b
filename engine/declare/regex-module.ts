import { functionBag } from './host-bag.ts';
import { type HostCallback, type HostObject, type JinjaValue, PyTuple } from './jinja/values.ts';
import { limitRegex } from './regex-limit.ts';
import { regexFlags, toRegExp } from './regex-pattern.ts';

type Arguments = Parameters<HostCallback>;

/** What a call was given, by name or by position after the pattern, which a compiled one has. */
interface Call {
  readonly regexp: RegExp;
  readonly given: (position: number, name: string) => JinjaValue | undefined;
}

const toNumber = (value: JinjaValue | undefined): number => Number(value ?? 0);

/** Python's `re`, with JavaScript's engine. */
export function regexModule(): HostObject {
  const { I, M, S, X, A } = regexFlags;
  return functionBag(
    're',
    {
      ...limitedOf(undefined),
      compile: ([pattern, flags], kwargs) =>
        functionBag(
          'Pattern',
          limitedOf(toRegExp(String(pattern), toNumber(kwargs.get('flags') ?? flags))),
          { pattern: pattern ?? null },
        ),
      escape: ([text]) => String(text).replace(/[\s&#~.*+?^${}()|[\]\\-]/gu, '\\$&'),
    },
    {
      ...{ I, M, S, X, A },
      ...{ IGNORECASE: I, MULTILINE: M, DOTALL: S, VERBOSE: X, ASCII: A },
      // Texts are Unicode's anyway.
      ...{ U: 0, UNICODE: 0, NOFLAG: 0 },
    },
  );
}

/** `flagsAt`: where flags stand among the positions after the pattern. */
function readCall(bound: RegExp | undefined, [args, kwargs]: Arguments, flagsAt: number): Call {
  const rest = bound ? args : args.slice(1);
  const given: Call['given'] = (position, name) => kwargs.get(name) ?? rest[position];
  if (bound) {
    bound.lastIndex = 0;
    return { regexp: bound, given };
  }
  const pattern = kwargs.get('pattern') ?? args[0];
  return { regexp: toRegExp(String(pattern), toNumber(given(flagsAt, 'flags'))), given };
}

/** The functions of the module, or those of a compiled pattern. */
function limitedOf(bound: RegExp | undefined): Record<string, HostCallback> {
  const functions = Object.entries(functionsOf(bound));
  return Object.fromEntries(functions.map(([name, call]) => [name, limitRegex(call)]));
}

function functionsOf(bound: RegExp | undefined): Record<string, HostCallback> {
  const onText =
    (answer: (regexp: RegExp, text: string) => JinjaValue): HostCallback =>
    (...call) => {
      const { regexp, given } = readCall(bound, call, 1);
      return answer(regexp, String(given(0, 'string')));
    };
  return {
    search: onText((regexp, text) => matchValue(regexp.exec(text))),
    match: onText((regexp, text) => matchValue(new RegExp(regexp, stickyOf(regexp)).exec(text))),
    fullmatch: onText((regexp, text) => {
      const whole = `(?:${regexp.source})(?![\\s\\S])`;
      return matchValue(new RegExp(whole, stickyOf(regexp)).exec(text));
    }),
    findall: onText((regexp, text) =>
      [...text.matchAll(regexp)].map((found) => {
        const groups = found.slice(1).map((group) => group ?? '');
        return groups.length > 1 ? new PyTuple(groups) : (groups[0] ?? found[0]);
      }),
    ),
    finditer: onText((regexp, text) => [...text.matchAll(regexp)].map(matchValue)),
    sub: (...call) => {
      const { regexp, given } = readCall(bound, call, 3);
      const text = String(given(1, 'string'));
      return replaceSome(text, regexp, String(given(0, 'repl')), toNumber(given(2, 'count')));
    },
    split: (...call) => {
      const { regexp, given } = readCall(bound, call, 2);
      return splitText(String(given(0, 'string')), regexp, toNumber(given(1, 'maxsplit')));
    },
  };
}

const stickyOf = ({ flags }: RegExp): string => `${flags.replace('g', '')}y`;

const whitespace = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** What a match is replaced by: `\1`, `\g<1>` and `\g<name>` are its groups. */
function readReplacement(text: string): (found: RegExpMatchArray) => string {
  return (found) =>
    text.replace(
      /\\g<(\w+)>|\\([1-9]\d?)|\\([nrt\\])/gu,
      (_, name?: string, digit?: string, sign = '') => {
        if (sign !== '') return whitespace.get(String(sign)) ?? String(sign);
        const group = name ?? digit ?? '';
        return (/^\d+$/u.test(group) ? found[Number(group)] : found.groups?.[group]) ?? '';
      },
    );
}

/** `most` 0: all of them. */
function replaceSome(text: string, regexp: RegExp, replacement: string, most: number): string {
  const write = readReplacement(replacement);
  let [written, from] = ['', 0];
  for (const [index, found] of [...text.matchAll(regexp)].entries()) {
    if (most > 0 && index === most) break;
    written += text.slice(from, found.index) + write(found);
    from = found.index + found[0].length;
  }
  return written + text.slice(from);
}

function splitText(text: string, regexp: RegExp, most: number): JinjaValue[] {
  const parts: JinjaValue[] = [];
  let from = 0;
  for (const [index, found] of [...text.matchAll(regexp)].entries()) {
    if (most > 0 && index === most) break;
    parts.push(text.slice(from, found.index), ...found.slice(1).map((part) => part ?? null));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

function matchValue(found: RegExpExecArray | null): JinjaValue {
  if (found === null) return null;
  const one = (key: JinjaValue): JinjaValue =>
    (typeof key === 'number' ? found[key] : found.groups?.[String(key)]) ?? null;
  return functionBag('Match', {
    group: (args) => (args.length > 1 ? new PyTuple(args.map(one)) : one(args[0] ?? 0)),
    groups: () => new PyTuple(found.slice(1).map((part) => part ?? null)),
    start: () => found.index,
    end: () => found.index + found[0].length,
    span: () => new PyTuple([found.index, found.index + found[0].length]),
  });
}
