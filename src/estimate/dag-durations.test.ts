import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DagDurations } from './dag-durations.js';
import { estimatedTime } from './estimate.js';
import { median, quantile } from './quantile.js';
import { learnedName, SampleBuffer } from './sample-buffer.js';
import { samplesIn, type TaskSamples } from './samples.js';
import { packStats, unpackStats } from './stats.js';
import { TaskDurations } from './task-durations.js';

function durationsOf(times: readonly number[], sizes?: readonly (number | null)[]): TaskDurations {
  const durations = new TaskDurations('a');
  durations.add({ task: 'a', times, ...(sizes === undefined ? {} : { sizes }), count: times.length });
  return durations;
}

const times = fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1, maxLength: 120 });
const samples: fc.Arbitrary<TaskSamples> = fc
  .tuple(fc.constantFrom('a', 'b', 'c'), times, fc.boolean())
  .map(([task, own, sized]) => {
    return { task, times: own, ...(sized ? { sizes: own.map((time) => time % 7) } : {}), count: own.length };
  });

describe('quantile', () => {
  it('is what R and NumPy give', () => {
    expect([0, 0.1, 0.5, 0.9, 1].map((share) => quantile([40, 10, 30, 20], share))).toEqual([10, 13, 25, 37, 40]);
    expect(median([3])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('lies among the numbers, and grows with the share', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0, max: 1, noNaN: true }), (numbers, share) => {
        const value = quantile(numbers, share);
        expect(value).toBeGreaterThanOrEqual(Math.min(...numbers));
        expect(value).toBeLessThanOrEqual(Math.max(...numbers));
        expect(quantile(numbers, share / 2)).toBeLessThanOrEqual(value);
      }),
    );
  });
});

describe('what is learned of a task', () => {
  it('is the median of its latest 50 successes', () => {
    expect(durationsOf([]).estimate).toBeUndefined();
    expect(durationsOf([10, 30, 20]).estimate).toEqual({ time: 20 });
    const changed = durationsOf([...Array<number>(80).fill(1_000), ...Array<number>(50).fill(10)]);
    expect(changed.stats()).toMatchObject({ count: 130, samples: 50, estimate: 10, p90: 10, latest: 10 });
  });

  it('does not move beyond the others by fewer outliers than there are others', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 100, max: 200 }), { minLength: 3, maxLength: 25 }),
        fc.array(fc.integer({ min: 1e6, max: 1e9 }), { maxLength: 24 }),
        (usual, outliers) => {
          const { time } = durationsOf([...outliers.slice(0, usual.length - 1), ...usual]).estimate!;
          expect(time).toBeGreaterThanOrEqual(100);
          expect(time).toBeLessThanOrEqual(200);
        },
      ),
    );
  });

  it('grows with the size of the input, where the runs told one', () => {
    const { estimate } = durationsOf([100, 410, 90, 33], [10, 40, null, 3]);
    expect(estimate).toEqual({ time: 95, perSize: 10.25 });
    expect(estimatedTime(estimate!, 100)).toBe(1_025);
    expect(estimatedTime(estimate!, 0)).toBe(95);
    expect(estimatedTime(estimate!)).toBe(95);
    expect(durationsOf([7], [0]).estimate).toEqual({ time: 7 });
  });

  it('tells how far off the estimates were, each by what was known before it came', () => {
    const errorOf = (
      ...batches: readonly (readonly [times: readonly number[], sizes?: readonly number[]])[]
    ): unknown => {
      const durations = new TaskDurations('a');
      for (const [own, sizes] of batches) {
        durations.add({ task: 'a', times: own, ...(sizes === undefined ? {} : { sizes }), count: own.length });
      }
      return durations.stats()?.error;
    };
    expect(errorOf([[100, 900]])).toBeUndefined();
    // Thought 100, 100, 100; took 100, 200, 50.
    expect(errorOf([[100]], [[100]], [[200]], [[50]])).toBe(0.5);
    expect(errorOf([[100]], [[100, 200, 50]])).toBe(0.5);
    expect(errorOf([[100]], [[100]])).toBe(0);
    // By size it was foreseen.
    expect(errorOf([[100], [1]], [[1_000], [10]])).toBe(0);
    expect(errorOf([[0]], [[0]])).toBe(0);
  });
});

describe('what is learned of a dag', () => {
  it('is the same after it was written down', () => {
    fc.assert(
      fc.property(fc.array(samples, { maxLength: 6 }), fc.array(samples, { maxLength: 3 }), (before, after) => {
        const whole = new DagDurations();
        whole.add(before);
        const restored = DagDurations.restore(JSON.parse(JSON.stringify(whole.snapshot())));
        for (const one of [whole, restored]) one.add(after);
        expect(restored.stats()).toEqual(whole.stats());
        expect(restored.snapshot()).toEqual(whole.snapshot());
      }),
      { numRuns: 50 },
    );
  });

  it('is bounded: the tasks seen last count, each with as many successes as there is room for', () => {
    const durations = new DagDurations();
    const many = (from: number, to: number): TaskSamples[] =>
      Array.from({ length: to - from }, (_, i) => ({ task: `t${from + i}`, times: Array(60).fill(i), count: 60 }));
    durations.add(many(0, 400));
    expect([durations.size, durations.samples]).toEqual([400, 20_000]);
    durations.add(many(400, 2_000));
    expect([durations.size, durations.samples]).toEqual([2_000, 20_000]);
    durations.add([{ task: 't0', times: [1], count: 1 }]);
    durations.add(many(2_000, 2_001));
    expect(durations.size).toBe(2_000);
    const names = durations.stats().map(({ task }) => task);
    expect([names.includes('t0'), names.includes('t1'), names.includes('t2000')]).toEqual([true, false, true]);
  });

  it('begins with nothing where what was kept makes no sense', () => {
    for (const kept of [
      undefined,
      null,
      7,
      {},
      [null],
      [['a']],
      [['a', 1, [1], [], [null]]],
      [['a', 1, ['x'], [null], [null]]],
    ]) {
      expect(DagDurations.restore(kept).size).toBe(0);
    }
    fc.assert(fc.property(fc.jsonValue(), (kept) => void DagDurations.restore(kept).stats()));
  });

  it('goes into few bytes, and comes out as it was', () => {
    fc.assert(
      fc.property(samples, (one) => {
        const durations = new DagDurations();
        durations.add([one]);
        const [stats] = durations.stats();
        expect(unpackStats(JSON.parse(JSON.stringify(packStats(stats!))))).toEqual(stats);
      }),
    );
    expect([undefined, 3, [], ['a'], ['a', 1, 1, 'x', 1, 1]].map(unpackStats)).toEqual(Array(5).fill(undefined));
  });
});

describe('samplesIn', () => {
  it('leaves out what makes no sense, and never throws', () => {
    const good = { task: 'a', times: [1, 2], sizes: [null, 3], count: 9 };
    expect(samplesIn([good, null, 3, { task: 'a' }, { task: '', times: [1] }, { task: 'b', times: [-1] }])).toEqual([
      good,
    ]);
    expect(samplesIn([{ task: 'a', times: [1], sizes: [1, 2], count: 'x' }])).toEqual([
      { task: 'a', times: [1], count: 1 },
    ]);
    expect(samplesIn([{ task: 'a', times: Array(90).fill(1) }])).toMatchObject([
      { times: Array(50).fill(1), count: 90 },
    ]);
    fc.assert(
      fc.property(fc.jsonValue(), (message) => {
        new DagDurations().add(samplesIn(message));
        new DagDurations().add(samplesIn([message, { task: 'a', times: message, sizes: message, count: message }]));
      }),
    );
  });
});

describe('SampleBuffer', () => {
  it('gives what was added, by dag and task, once', () => {
    const buffer = new SampleBuffer();
    expect(buffer.isEmpty).toBe(true);
    buffer.add('d', 'a', 10.4);
    buffer.add('d', 'a', 20, 7);
    buffer.add('d', 'b', 1);
    buffer.add('e', 'a', 2);
    expect(Object.fromEntries(buffer.take())).toEqual({
      d: [
        { task: 'a', times: [10, 20], sizes: [null, 7], count: 2 },
        { task: 'b', times: [1], count: 1 },
      ],
      e: [{ task: 'a', times: [2], count: 1 }],
    });
    expect([buffer.isEmpty, buffer.take().size]).toEqual([true, 0]);
  });

  it('keeps the latest of each task, and no more of all than it has room for', () => {
    const buffer = new SampleBuffer();
    for (let i = 0; i < 70; i++) buffer.add('d', 'a', i);
    const [first] = buffer.take().get('d')!;
    expect(first).toMatchObject({ count: 70, times: Array.from({ length: 50 }, (_, i) => 20 + i) });
    for (let i = 0; i < 30_000; i++) buffer.add(`d${i % 10}`, `t${i % 900}`, 1);
    const kept = [...buffer.take().values()].flat();
    expect(kept.reduce((sum, { times: own }) => sum + own.length, 0)).toBeLessThanOrEqual(5_000);
  });
});

describe('learnedName', () => {
  it('is the task that fans out, of an item; what undoes a task is one of its own', () => {
    expect(['convert', 'convert[3]', 'convert~undo', 'convert[12]~undo'].map(learnedName)).toEqual([
      'convert',
      'convert',
      'convert~undo',
      'convert~undo',
    ]);
  });
});
