import { DEFAULT_PLACEMENT, type CreatePlacement, type PlacementName } from '../dag/placement.js';
import type { CreatePolicy } from '../dag/policy.js';
import type { WorkerGroup } from '../dag/worker-group.js';
import { createPlacement } from '../placement/placements.js';
import { createPolicy } from '../policy/policies.js';
import { sharesPools } from '../pool/lease-facts.js';
import { Agenda } from './agenda.js';
import { chooseRun, type BetweenRuns } from './between-runs.js';
import { speedsOf } from './draws.js';
import type { Plan } from './plan.js';
import type { Schedule } from './schedule.js';
import { singleSlots, taskWithoutGroup } from './simulated-groups.js';
import { SharedPools, taskBeyondPool } from './shared-pools.js';
import { SimulatedRun, type Happening, type World } from './simulated-run.js';
import { ONLY_GROUP, Slots } from './slots.js';

/** How plans are simulated. */
export interface SimulationOptions {
  /** The order among ready tasks of each run. */
  readonly policy: string;
  /** The slots that all runs share; with `groups`, those of all groups. */
  readonly workers: number;
  /** Which worker group gets a task. Default: with `groups` `least-loaded`; else all slots are of one group. */
  readonly placement?: PlacementName;
  /** Default: with a placement, a group of one slot, that may run everything, for each of `workers`. */
  readonly groups?: readonly WorkerGroup[];
  /** Which run gets the next free slot, of the workers and of pools that runs share. Default `fcfs`: the first of the files. */
  readonly between?: BetweenRuns;
  /** What failures and speeds are drawn from. Default 1. */
  readonly seed?: number;
  /** The probability that an attempt of a task that takes a slot fails, 0 to 1. Default 0. */
  readonly failures?: number;
  /** The range from which the speed of each slot is drawn, where no `groups` have theirs. Default 1 for each. */
  readonly speeds?: readonly [least: number, most: number];
  /** Default: the policies that runs have. */
  readonly createPolicy?: CreatePolicy;
  /** Default: the placements that runs have. */
  readonly createPlacement?: CreatePlacement;
  /** Checks the scheduler's own rules after every moment. Slow: for tests. Default false. */
  readonly validate?: boolean;
}

/**
 * Runs plans that arrive together, in no time: a virtual clock drives the scheduler that real runs have. What ends at one
 * moment has ended before anything starts. The same input gives the same schedule, always.
 * @throws RangeError where there is not one slot, no group may run a task, or a shared pool is too small for one.
 */
export function simulate(plans: readonly Plan[], options: SimulationOptions): Schedule {
  const { policy, between = 'fcfs' } = options;
  const world = worldOf(plans, options);
  const { agenda, slots, groups, pools } = world;
  const runs = plans.map((plan, position) => new SimulatedRun(plan, position, policy, world));
  for (const run of runs) run.handle({ type: 'run.began', at: 0 });
  for (let at = 0; at !== Infinity; at = Math.min(agenda.nextAt, pools?.opensAt() ?? Infinity)) {
    while (agenda.nextAt === at) {
      const { run, event, start } = agenda.next()!;
      run.handle(event, start);
    }
    pools?.settle(at);
    do assign(runs, slots, between, at);
    while (pools?.settle(at));
    // A run that others leave no slot to has ready tasks and starts none: to its scheduler that is a broken rule.
    if (options.validate && (runs.length === 1 || slots.free > 0)) for (const run of runs) run.validate();
  }
  return { policy, placement: groups?.placement ?? null, speeds: slots.speeds, runs: runs.map((run) => run.result()) };
}

function worldOf(plans: readonly Plan[], options: SimulationOptions): World {
  const { workers, seed = 1, failures = 0, speeds = [1, 1], placement } = options;
  if (!(workers >= 1)) throw new RangeError(`Nothing runs on ${workers} slots.`);
  const pools = poolsOf(plans, options);
  const shared = { seed, failures, pools, createPolicy: options.createPolicy ?? createPolicy, places: 0, grants: 0 };
  const agenda = new Agenda<Happening>();
  const drawn = speedsOf(workers, speeds, seed);
  if (placement === undefined && options.groups === undefined) {
    return { ...shared, agenda, slots: new Slots([{ name: ONLY_GROUP, speeds: drawn }]), groups: undefined };
  }
  const dags = plans.map(({ dag }) => dag);
  const live = (options.groups ?? singleSlots(drawn, dags)).toSorted((a, b) => b.speed - a.speed);
  for (const dag of dags) {
    const task = taskWithoutGroup(dag, live);
    if (task !== undefined) throw new RangeError(`No group may run the task ${task.name} of ${dag.name}.`);
  }
  const parts = live.map(({ name, slots, speed }) => ({ name, speeds: Array.from({ length: slots }, () => speed) }));
  const create = options.createPlacement ?? createPlacement;
  const groups = { live, placement: placement ?? DEFAULT_PLACEMENT, createPlacement: create };
  return { ...shared, agenda, slots: new Slots(parts), groups };
}

function poolsOf(plans: readonly Plan[], { between = 'fcfs' }: SimulationOptions): SharedPools | undefined {
  const dags = plans.map(({ dag }) => dag);
  if (plans.length < 2 || !dags.some(sharesPools)) return undefined;
  const beyond = taskBeyondPool(dags);
  if (beyond !== undefined) {
    throw new RangeError(`The task ${beyond.task} needs more than the pool ${beyond.pool} has.`);
  }
  return new SharedPools(dags, between);
}

/** Gives the free slots to the runs, one after the other. */
function assign(runs: readonly SimulatedRun[], slots: Slots, between: BetweenRuns, at: number): void {
  const [only] = runs;
  if (only !== undefined && runs.length === 1) {
    if (slots.free > 0 && only.wantsSlot) only.grant(slots.free, at);
    return;
  }
  let contenders = runs.filter((run) => run.wantsSlot);
  while (slots.free > 0) {
    const run = chooseRun(between, contenders);
    if (run === undefined) return;
    const started = run.grant(1, at);
    if (!started || !run.wantsSlot) contenders = contenders.filter((one) => one !== run);
  }
}
