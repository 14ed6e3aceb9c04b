import { escapeHtml } from './escape-html.ts';

export interface LinkOptions {
  /** Longer addresses are shown cut. */
  readonly limit: number | undefined;
  readonly isNoFollow: boolean;
  readonly target: string | undefined;
  readonly rel: string;
  readonly schemes: readonly string[];
}

const topDomains = 'com|net|int|edu|gov|org|info|mil';
const address = '(\\d{1,3}(\\.\\d{1,3}){3}|(\\[([\\da-f]{0,4}:){2}([\\da-f]{0,4}:?){1,6}\\]))';
const webAddress = new RegExp(
  `^((https?://|www\\.)(([\\w%-]+\\.)+)?([a-z]{2,63}|xn--[\\w%]{2,59})` +
    `|([\\w%-]{2,63}\\.)+(${topDomains})|(https?://)${address})(?::\\d{1,5})?(?:[/?#]\\S*)?$`,
  'i',
);
const mailAddress = /^\S+@\w[\w.-]*\.\w+$/;
const headPattern = /^(?:[(<]|&lt;)+/;
const tailPattern = /(?:[)>.,\n]|&gt;)+$/;

/** Turns addresses in a text into links, as the filter `urlize` does. The text is escaped. */
export function linkUrls(text: string, options: LinkOptions): string {
  const rel = new Set(options.rel.split(/\s+/).filter((part) => part !== ''));
  if (options.isNoFollow) rel.add('nofollow');
  rel.add('noopener');
  const attributes =
    ` rel="${escapeHtml([...rel].sort().join(' '))}"` +
    (options.target === undefined ? '' : ` target="${escapeHtml(options.target)}"`);
  return escapeHtml(text)
    .split(/(\s+)/)
    .map((word) => linkWord(word, attributes, options))
    .join('');
}

function linkWord(word: string, attributes: string, options: LinkOptions): string {
  const head = headPattern.exec(word)?.[0] ?? '';
  let middle = word.slice(head.length);
  let tail = tailPattern.exec(middle)?.[0] ?? '';
  middle = middle.slice(0, middle.length - tail.length);
  for (const [open, close] of [
    ['(', ')'],
    ['<', '>'],
    ['&lt;', '&gt;'],
  ] as const) {
    const opened = countOf(middle, open);
    if (opened <= countOf(middle, close)) continue;
    for (let left = Math.min(opened, countOf(tail, close)); left > 0; left -= 1) {
      const end = tail.indexOf(close) + close.length;
      middle += tail.slice(0, end);
      tail = tail.slice(end);
    }
  }
  return head + linkMiddle(middle, attributes, options) + tail;
}

function countOf(text: string, part: string): number {
  return text.split(part).length - 1;
}

function linkMiddle(text: string, attributes: string, options: LinkOptions): string {
  const { limit, schemes } = options;
  const shown = limit !== undefined && text.length > limit ? `${text.slice(0, limit)}...` : text;
  if (webAddress.test(text)) {
    const url = /^https?:\/\//.test(text) ? text : `https://${text}`;
    return `<a href="${url}"${attributes}>${shown}</a>`;
  }
  if (text.startsWith('mailto:') && mailAddress.test(text.slice(7))) {
    return `<a href="${text}">${text.slice(7)}</a>`;
  }
  const isMail =
    text.includes('@') &&
    !/^(?:www\.|@)/.test(text) &&
    !text.includes(':') &&
    mailAddress.test(text);
  if (isMail) return `<a href="mailto:${text}">${text}</a>`;
  const isExtra = schemes.some((scheme) => text !== scheme && text.startsWith(scheme));
  return isExtra ? `<a href="${text}"${attributes}>${text}</a>` : text;
}
