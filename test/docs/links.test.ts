import { existsSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expect, test } from 'vitest';
import { type Page, readPages, root } from './page-blocks.ts';

const pages = readPages();

/** The anchors of a page, as the hosts of repositories make them of headings. */
function anchorsOf({ text }: Page): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link of a page leads to a file, and its anchor to a heading', () => {
  const wrong = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
      if (/^https?:/.test(link)) return [];
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : posix.join(dirname(path), file);
      if (!existsSync(join(root, target))) return [`${path}: ${link} leads to no file`];
      if (anchor === undefined) return [];
      const page = pages.find((one) => one.path === target);
      return page && anchorsOf(page).has(anchor) ? [] : [`${path}: ${link} leads to no heading`];
    }),
  );
  expect(wrong).toEqual([]);
});

test('every page of docs/ can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const text = pages.find((one) => one.path === path)?.text ?? '';
    for (const [, link = ''] of text.matchAll(/\]\(([^)#\s]+\.md)/g)) {
      reached.add(posix.join(dirname(path), link));
    }
  }
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});
