import { describe, expect, it } from 'vitest';
import { dagOf, LiveRunDriver, type Drawing } from '../../test/support/live-run-driver.js';
import type { Dag } from '../dag/dag.js';

function begun(drawing: Drawing, more: Partial<Dag> = {}): LiveRunDriver {
  const driver = new LiveRunDriver(dagOf(drawing, more));
  driver.began();
  return driver;
}

/** Milliseconds from the run's begin. */
function endOf(driver: LiveRunDriver): number | undefined {
  const { startedAt, estimatedEnd } = driver.live.describe();
  return estimatedEnd === undefined ? undefined : Date.parse(estimatedEnd) - Date.parse(startedAt);
}

const CHAIN: Drawing = { a: { estimate: 100 }, b: { needs: ['a'], estimate: 50 }, c: { estimate: 20 } };

describe('the estimated end of a run', () => {
  it('is that of the longest way, and moves with what ends sooner', () => {
    const driver = begun(CHAIN);
    expect(endOf(driver)).toBe(150);
    driver.at += 29;
    driver.succeeded('a');
    expect(endOf(driver)).toBe(80);
    driver.succeeded('b');
    driver.succeeded('c');
    expect(driver.live.describe()).not.toHaveProperty('estimatedEnd');
  });

  it('goes by the slots, and by the pools', () => {
    expect(endOf(begun(CHAIN, { concurrency: 1 }))).toBe(170);
    const held = { estimate: 30, pool: [{ name: 'gpu', slots: 1 }] };
    expect(endOf(begun({ a: held, b: held, c: held }, { pools: { gpu: 1 } }))).toBe(90);
    expect(endOf(begun({ a: held, b: held, c: held }, { pools: { gpu: 2 } }))).toBe(60);
  });

  it('counts a fan-out by its items, and by how many of them go at once', () => {
    const each = { forEach: [1, 2, 3, 4], estimate: 10 };
    const driver = begun({ each, after: { needs: ['each'], estimate: 1 } });
    expect(endOf(driver)).toBe(11);
    expect(endOf(begun({ each: { ...each, maxParallel: 2 }, after: { needs: ['each'], estimate: 1 } }))).toBe(21);
    const later = begun({ before: { estimate: 5 }, each: { ...each, needs: ['before'] } });
    expect(endOf(later)).toBe(15);
  });

  it('adds what runs at the end', () => {
    expect(endOf(begun({ a: { estimate: 10 }, last: { finally: true, estimate: 7 } }))).toBe(17);
  });

  it('waits for times, and cannot tell with events, approvals, pauses, or where too little is known', () => {
    expect(endOf(begun({ a: { estimate: 10 }, w: { uses: 'wait', with: { for: 500 }, needs: ['a'] } }))).toBe(510);
    expect(endOf(begun({ w: { uses: 'wait', with: { for: 500 } } }))).toBe(500);
    expect(endOf(begun({ a: { estimate: 10 }, e: { uses: 'event', with: { event: 'x' } } }))).toBeUndefined();
    expect(endOf(begun({ a: { estimate: 10 }, e: { uses: 'approval', with: {} } }))).toBeUndefined();
    expect(endOf(begun({ a: { estimate: 10 }, b: [], c: [] }))).toBeUndefined();
    expect(endOf(begun({ a: { estimate: 10 }, b: [] }))).toBe(10);
    expect(endOf(begun({ a: [], b: [] }))).toBeUndefined();
    const driver = begun({ ...CHAIN, d: { needs: ['a'], estimate: 1 } });
    driver.act('pauseTask', { task: 'd' });
    expect(endOf(driver)).toBeUndefined();
    driver.act('resumeTask', { task: 'd' });
    expect(endOf(driver)).toBe(150);
    driver.act('pause');
    expect(endOf(driver)).toBeUndefined();
  });

  it('is left out of further parts of a description', () => {
    const driver = begun(CHAIN);
    expect(driver.live.describe(0, 1)).toHaveProperty('estimatedEnd');
    expect(driver.live.describe(1, 3)).not.toHaveProperty('estimatedEnd');
  });
});
