import { expect, test } from 'vitest';
import { suggestName } from '../../engine/words/suggest.ts';

test.each([
  ['cmr', ['crm', 'contact'], 'crm'],
  ['ordres', ['orders', 'ordinals'], 'orders'],
  ['custmoer_nmae', ['customer_id', 'customer_name'], 'customer_name'],
  ['Contcat', ['Contact', 'contract'], 'Contact'],
  ['xd', ['id', 'name'], 'id'],
  ['zz', ['rx', 'id'], undefined],
  ['abc', ['xyc'], undefined],
  ['', ['id'], undefined],
])('%j among %j is %j', (word, names, meant) => {
  expect(suggestName(word, names)).toBe(meant);
});
