import { describe, expect, it } from 'vitest';
import { SchedulerDriver, graphFrom } from '../../test/support/scheduler-driver.js';
import type { SchedulerOptions } from '../dag/scheduler-options.js';
import { createPlacement } from '../placement/placements.js';
import { heldSentences } from './held-tasks.js';

function held(options: Partial<SchedulerOptions>, act: (driver: SchedulerDriver) => void = () => {}): string[] {
  const driver = new SchedulerDriver(graphFrom(2, []), options);
  driver.began();
  act(driver);
  return heldSentences('nightly', driver.scheduler);
}

const placed = { placement: 'random', createPlacement } as const;
const cpu = { name: 'cpu', slots: 1, speed: 1, labels: [] };

describe('what holds the tasks of a run from outside', () => {
  it('is its turn among the runs of its dag', () => {
    expect(held({ heldBack: true })).toEqual(['waits for its turn: as many runs of nightly go on as may (maxRuns)']);
  });

  it('is a worker group that does not live, or has not what they require', () => {
    expect(held(placed)).toEqual(['2 tasks wait for a worker group: none lives']);
    const gpu = { ...placed, traits: (task: number) => (task === 0 ? {} : { requires: { labels: ['gpu'] } }) };
    const live = (driver: SchedulerDriver): void => {
      driver.handle({ type: 'groups.changed', at: ++driver.at, groups: [cpu] });
    };
    expect(held(gpu, live)).toEqual(['1 task waits for a worker group: none that lives has what is required']);
  });

  it('is pools that runs share, while nothing of the run goes on', () => {
    const pools = { db: { scope: 'global' as const } };
    const shared = { pools, leases: true, traits: () => ({ pools: [{ name: 'db', slots: 1 }] }) };
    expect(held(shared)).toEqual(['2 tasks wait for pools that runs share']);
    const grant = (driver: SchedulerDriver): void => {
      driver.handle({ type: 'lease.granted', at: ++driver.at, task: 0 });
    };
    expect(held(shared, grant)).toEqual([]);
  });

  it('is nothing where they only wait for room, and in a run that is paused', () => {
    expect(held({ concurrency: 1 })).toEqual([]);
    expect(held(placed, (driver) => driver.pause())).toEqual([]);
  });
});
