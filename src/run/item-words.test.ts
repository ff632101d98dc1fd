import { expect, it } from 'vitest';
import { itemWords } from './item-words.js';

it.each([
  ['linux', 'linux'],
  [7, '7'],
  [null, 'null'],
  [{ os: 'linux', node: 22 }, 'linux, 22'],
  [[1, 2], '1, 2'],
  [{ os: { name: 'linux' } }, undefined],
  ['', undefined],
  [[], undefined],
  ['x'.repeat(61), undefined],
  [undefined, undefined],
])('an item %j is called %s', (item, words) => {
  expect(itemWords(item)).toBe(words);
});
