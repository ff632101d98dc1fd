import { describe, expect, it } from 'vitest';
import { graphFrom } from '../../test/support/scheduler-driver.js';
import { undoOrder } from './compensation.js';

const alone = (): number => -1;

describe('the order of undoing', () => {
  it('is that of doing, turned round', () => {
    const chain = graphFrom(3, [
      [0, 1],
      [1, 2],
    ]);
    expect(undoOrder(chain, [0, 1, 2], alone)).toEqual([
      [1, 0],
      [2, 1],
    ]);
  });

  it('goes through tasks that are not undone', () => {
    const chain = graphFrom(4, [
      [0, 1],
      [1, 2],
      [2, 3],
    ]);
    expect(undoOrder(chain, [0, 3], alone)).toEqual([[1, 0]]);
  });

  it('leaves branches that have nothing to do with each other to go side by side', () => {
    const branches = graphFrom(4, [
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    expect(undoOrder(branches, [1, 2, 3], alone)).toEqual([]);
    expect(undoOrder(branches, [0, 1, 2], alone)).toEqual([
      [1, 0],
      [2, 0],
    ]);
  });

  it('takes what needs a fan-out for what needs each of its items, and the other way round', () => {
    // 1 fans out into 3 and 4; 0 comes before it, 2 after it.
    const graph = graphFrom(5, [
      [0, 1],
      [1, 2],
    ]);
    const order = undoOrder(graph, [0, 2, 3, 4], (task) => (task > 2 ? 1 : -1));
    expect(order.sort()).toEqual([
      [1, 2],
      [1, 3],
      [2, 0],
      [3, 0],
    ]);
  });

  it('is one by one where two large fan-outs follow each other', () => {
    const items = 1_000;
    const graph = graphFrom(2 + 2 * items, [[0, 1]]);
    const undone = Array.from({ length: 2 * items }, (_, i) => 2 + i);
    const order = undoOrder(graph, undone, (task) => (task < 2 + items ? 0 : 1));
    expect(order).toHaveLength(2 * items - 1);
    const place = new Map([[order[0]![0], 0], ...order.map(([, then], at): [number, number] => [then, at + 1])]);
    const lastOfSecond = Math.max(...Array.from({ length: items }, (_, i) => place.get(items + i)!));
    expect(lastOfSecond).toBe(items - 1);
  });
});
