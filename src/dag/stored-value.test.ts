import { describe, expect, it } from 'vitest';
import type { Json } from './json.js';
import { storedBytes, storedRef, storedValue } from './stored-value.js';
import { measureCall } from './task-call.js';

const MIB = 1024 * 1024;
const ref = (bytes: number): { sha256: string; bytes: number } => ({ sha256: 'a1'.repeat(32), bytes });

describe('what stands for a stored value', () => {
  it('is known by its form alone', () => {
    expect(storedRef(storedValue(ref(7)))).toEqual(ref(7));
    const key = '$dagwright/stored';
    const others: (Json | undefined)[] = [
      undefined,
      null,
      'x',
      [],
      {},
      { [key]: null },
      { [key]: { sha256: 'short', bytes: 1 } },
      { [key]: { sha256: 'a1'.repeat(32) } },
      { [key]: ref(1), more: 1 },
    ];
    for (const other of others) expect(storedRef(other)).toBeUndefined();
  });

  it('has the bytes of what it stands for, wherever it is', () => {
    expect(storedBytes({ a: [storedValue(ref(7)), { b: storedValue(ref(5)) }], c: 'x' })).toBe(12);
  });
});

describe('the size of a call', () => {
  it('is limited as the run holds it, and with what the store has of it', () => {
    const small = measureCall([{ needs: { a: storedValue(ref(64 * MIB)), b: storedValue(ref(64 * MIB)) } }]);
    expect(small.error).toBeUndefined();
    expect(small.bytes).toBeLessThan(1_000);
    expect(measureCall([storedValue(ref(128 * MIB + 1))]).error?.code).toBe('TASK_INPUT_TOO_LARGE');
    expect(measureCall(['x'.repeat(4 * MIB - 4)]).error).toBeUndefined();
    expect(measureCall(['x'.repeat(4 * MIB)]).error?.code).toBe('TASK_INPUT_TOO_LARGE');
    expect(measureCall(['x'.repeat(2_000)], 1_000).error?.code).toBe('TASK_INPUT_TOO_LARGE');
  });
});
