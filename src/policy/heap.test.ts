import { describe, expect, it } from 'vitest';
import { Heap } from './heap.js';

/** The members 0, 1, 2... by these keys. */
function heapOf(...keys: number[]): Heap {
  const heap = new Heap((a, b) => keys[a]! < keys[b]!);
  for (const member of keys.keys()) heap.add(member);
  return heap;
}

function drained(heap: Heap): (number | undefined)[] {
  return Array.from({ length: heap.size + 1 }, () => heap.take());
}

describe('Heap', () => {
  it('keeps the order where the one that fills a gap belongs above it', () => {
    const heap = heapOf(0, 10, 1, 11, 12, 20, 3);
    heap.remove(3);
    expect(drained(heap)).toEqual([0, 2, 6, 1, 4, 5, undefined]);
  });

  it('keeps the order where the one that fills a gap belongs below it', () => {
    const heap = heapOf(0, 1, 10, 2, 3, 11, 12);
    heap.remove(1);
    expect(drained(heap)).toEqual([0, 3, 4, 2, 5, 6, undefined]);
  });

  it('asks the order of about log n others to add one or to take one', () => {
    const count = 1 << 14;
    let asked = 0;
    const isBefore = (a: number, b: number): boolean => {
      asked++;
      return (a * 7919) % count < (b * 7919) % count;
    };
    const heap = new Heap(isBefore);
    for (let member = 0; member < count; member++) heap.add(member);
    while (heap.take() !== undefined);
    expect(asked).toBeLessThan(count * 3 * 14);
  });
});
