import { expect, it } from 'vitest';
import { EarlierStarts } from './earlier-starts.js';

it('keeps the latest 20 starts of a task, and goes on from JSON', () => {
  const starts = new EarlierStarts();
  expect(starts.snapshot()).toBeUndefined();
  for (let time = 0; time < 25; time++) starts.add(3, time, time + 1);
  const kept = Array.from({ length: 20 }, (_, i) => [i + 5, i + 6]);
  expect(starts.of(3)).toEqual(kept);
  const again = new EarlierStarts(JSON.parse(JSON.stringify(starts.snapshot())) as [number, [number, number][]][]);
  again.add(3, 30, 31);
  expect(again.of(3)).toEqual([...kept.slice(1), [30, 31]]);
  expect(starts.of(3)).toEqual(kept);
  expect(again.of(4)).toEqual([]);
});

it('keeps those of so many tasks that a run with millions of starts stays small', () => {
  const starts = new EarlierStarts();
  for (let task = 0; task < 1_001; task++) starts.add(task, 0, 1);
  expect(starts.of(999)).toEqual([[0, 1]]);
  expect(starts.of(1_000)).toEqual([]);
});
