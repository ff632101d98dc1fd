import { describe, expect, it } from 'vitest';
import { TaskHeap } from './heap.js';

describe('TaskHeap', () => {
  it('keeps the order where the one that fills a gap belongs above it', () => {
    const heap = new TaskHeap();
    [0, 10, 1, 11, 12, 20, 3].forEach((key, sequence) => heap.add(100 + key, sequence, key));
    heap.remove(3);
    expect(Array.from({ length: 7 }, () => heap.next())).toEqual([100, 101, 103, 110, 112, 120, undefined]);
  });

  it('keeps the order where the one that fills a gap belongs below it', () => {
    const heap = new TaskHeap();
    [0, 1, 10, 2, 3, 11, 12].forEach((key, sequence) => heap.add(100 + key, sequence, key));
    heap.remove(1);
    expect(Array.from({ length: 7 }, () => heap.next())).toEqual([100, 102, 103, 110, 111, 112, undefined]);
  });
});
