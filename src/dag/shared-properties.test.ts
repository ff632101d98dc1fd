import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphFrom } from '../../test/support/scheduler-driver.js';
import { createPlacement } from '../placement/placements.js';
import { createPolicy } from '../policy/policies.js';
import type { SchedulerEvent } from './event.js';
import { PLACEMENT_NAMES } from './placement.js';
import type { PoolSize } from './pools.js';
import { isRunEnd } from './run-state.js';
import { Scheduler } from './scheduler.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { TaskTraits } from './task-traits.js';
import type { WorkerGroup } from './worker-group.js';

const POOLS: Readonly<Record<string, PoolSize>> = {
  own: 2,
  slow: { rate: { count: 2, per: 50 } },
  shared: { slots: 2, scope: 'global' },
};
const SHARED_SLOTS = 2;
const GROUPS: readonly WorkerGroup[] = [
  { name: 'a', slots: 2, speed: 1, labels: [], cpu: 2 },
  { name: 'b', slots: 1, speed: 2, labels: ['gpu'] },
  { name: 'c', slots: 2, speed: 1, labels: ['gpu'], standby: true },
];

const traits: fc.Arbitrary<TaskTraits> = fc
  .record({
    pools: fc.uniqueArray(fc.constantFrom('own', 'slow', 'shared'), { maxLength: 2 }),
    estimate: fc.integer({ min: 1, max: 100 }),
    preemptible: fc.boolean(),
    needsGpu: fc.boolean(),
    cpu: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ pools, needsGpu, cpu, ...rest }) => ({
    ...rest,
    ...(pools.length === 0 ? {} : { pools: pools.map((name) => ({ name, slots: 1 })) }),
    ...(needsGpu ? { requires: { labels: ['gpu'] } } : cpu > 0 ? { requires: { cpu } } : {}),
  }));

const ACTS = [
  'end',
  'fail',
  'grant',
  'tick',
  'groups',
  'pause',
  'interrupt',
  'resume',
  'policy',
  'resize',
  'carry',
] as const;

const cases = fc.record({
  tasks: fc.array(traits, { minLength: 1, maxLength: 10 }),
  edges: fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 8 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
  policy: fc.constantFrom('srtf', 'fcfs', 'srtf,fcfs', 'fair'),
  placement: fc.constantFrom(undefined, ...PLACEMENT_NAMES),
  acts: fc.array(fc.tuple(fc.constantFrom(...ACTS), fc.nat(1_000)), { maxLength: 50 }),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** A host that grants leases as one pool would, and checks by itself what the scheduler holds. */
class World {
  scheduler: Scheduler;
  readonly #case: Case;
  readonly #options: SchedulerOptions;
  readonly #edges: [number, number][];
  readonly #running = new Map<number, string | undefined>();
  readonly #told = new Set<number>();
  readonly #wanted = new Set<number>();
  readonly #leased = new Set<number>();
  #live: readonly WorkerGroup[] = [];
  #at = 100;

  constructor(run: Case) {
    this.#case = run;
    this.#edges = run.edges
      .map(([a, b]): [number, number] => [Math.min(a, b) % run.tasks.length, Math.max(a, b) % run.tasks.length])
      .filter(([from, to]) => from < to);
    this.#options = {
      concurrency: run.concurrency,
      createPolicy,
      createPlacement,
      pools: POOLS,
      leases: true,
      policy: run.policy,
      ...(run.placement === undefined ? {} : { placement: run.placement }),
      traits: (task) => run.tasks[task]!,
    };
    this.scheduler = new Scheduler(graphFrom(run.tasks.length, this.#edges), this.#options);
  }

  run(): void {
    this.#tell({ type: 'run.began', at: this.#at });
    for (const [act, pick] of this.#case.acts) {
      if (isRunEnd(this.scheduler.state)) return;
      this.#do(act, pick);
    }
    if (!isRunEnd(this.scheduler.state)) this.#do('resume', 0);
    this.#live = [];
    for (let left = 400; left > 0 && !isRunEnd(this.scheduler.state); left--) {
      if (this.#live.length < GROUPS.length) this.#change(GROUPS);
      this.#do((['grant', 'end', 'tick'] as const)[left % 3]!, left);
    }
  }

  /** What the scheduler and the host hold once the run has ended. */
  held(): unknown[] {
    const { pools, leases, groups } = this.scheduler.ready;
    const taken = Object.values(pools.use()).map((pool) => pool.taken);
    return [...taken, leases.snapshot(), this.#leased.size, ...GROUPS.map(({ name }) => groups.tasksIn(name).length)];
  }

  #do(act: (typeof ACTS)[number], pick: number): void {
    const at = (this.#at += pick % 7);
    switch (act) {
      case 'end':
      case 'fail': {
        const task = [...this.#running.keys()][pick % Math.max(1, this.#running.size)];
        if (task !== undefined) this.#end(task, act === 'end' ? 'succeeded' : 'failed', pick, at);
        break;
      }
      case 'grant': {
        const task = [...this.#wanted][0];
        if (task === undefined || this.#leased.size >= SHARED_SLOTS) break;
        this.#wanted.delete(task);
        this.#leased.add(task);
        this.#tell({ type: 'lease.granted', at, task });
        break;
      }
      case 'tick': {
        const timer = this.scheduler.timers().find((one) => one.timer === 'pool');
        if (timer === undefined) break;
        this.#at = Math.max(at, timer.at);
        this.#tell({ type: 'timer.fired', at: this.#at, timer: 'pool' });
        break;
      }
      case 'groups':
        this.#change(GROUPS.filter((_, position) => ((pick >> position) & 1) === 1));
        break;
      case 'pause':
      case 'interrupt':
        this.#tell({ type: 'operator.paused', at, mode: act === 'pause' ? 'drain' : 'interrupt' });
        break;
      case 'resume':
        this.#tell({ type: 'operator.resumed', at });
        break;
      case 'policy':
        this.#tell({ type: 'policy.set', at, policy: (['sjf', 'srtf', 'fcfs'] as const)[pick % 3]! });
        break;
      case 'resize':
        this.#tell({ type: 'pool.set', at, pool: 'own', size: 1 + (pick % 3) });
        break;
      case 'carry': {
        const snapshot = JSON.parse(JSON.stringify(this.scheduler.snapshot())) as ReturnType<Scheduler['snapshot']>;
        this.scheduler = Scheduler.restore(this.scheduler.graph, this.#options, snapshot);
        this.scheduler.validate();
        break;
      }
    }
  }

  #change(groups: readonly WorkerGroup[]): void {
    if (this.#case.placement === undefined) return;
    this.#live = groups;
    this.#tell({ type: 'groups.changed', at: ++this.#at, groups });
  }

  #end(task: number, wished: 'succeeded' | 'failed', pick: number, at: number): void {
    this.#running.delete(task);
    const wasStopped = this.#told.delete(task) && pick % 3 > 0;
    if (pick % 11 === 0) this.#tell({ type: 'task.waits', at, task, until: at + 1 });
    else {
      const outcome = wasStopped ? 'cancelled' : wished;
      this.#tell({ type: 'task.ended', at, task, outcome, kept: wasStopped ? pick % 20 : 0 });
    }
    if (!isRunEnd(this.scheduler.state) && this.scheduler.tasks.is(task, 'waiting')) {
      this.#tell({ type: 'task.again', at, task });
    }
  }

  #tell(event: SchedulerEvent): void {
    for (const instruction of this.scheduler.handle(event)) {
      if (instruction.type === 'task.start') this.#started(instruction.task, instruction.group);
      else if (instruction.type === 'task.cancel') this.#told.add(instruction.task);
      else if (instruction.type === 'lease.want') this.#wanted.add(instruction.task);
      else if (instruction.type === 'lease.release') {
        expect(this.#wanted.delete(instruction.task) || this.#leased.delete(instruction.task)).toBe(true);
        expect(this.#running.has(instruction.task)).toBe(false);
      }
    }
    this.scheduler.validate();
  }

  #started(task: number, group: string | undefined): void {
    const { pools = [], requires = {} } = this.#case.tasks[task]!;
    if (pools.some(({ name }) => name === 'shared')) expect(this.#leased.has(task)).toBe(true);
    if (this.#case.placement !== undefined) {
      const where = this.#live.find(({ name }) => name === group)!;
      expect(where).toBeDefined();
      const inIt = [...this.#running].filter(([one, name]) => name === group && !this.#told.has(one));
      expect(inIt.length).toBeLessThan(where.slots);
      expect(requires.labels?.every((label) => where.labels.includes(label)) ?? true).toBe(true);
    }
    this.#running.set(task, group);
  }
}

describe('a run that shares pools and worker groups', () => {
  it('comes to its end whatever happens, within what there is, and holds nothing then', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(cases, (given) => {
        const world = new World(given);
        world.run();
        expect(isRunEnd(world.scheduler.state)).toBe(true);
        expect(world.held()).toEqual([0, 0, undefined, 0, 0, 0, 0]);
      }),
      { numRuns: 1_000 },
    );
  });
});
