import type { CreatePolicy } from '../dag/policy.js';
import { createPolicy } from '../policy/policies.js';
import { Agenda } from './agenda.js';
import { chooseRun, type BetweenRuns } from './between-runs.js';
import { speedsOf } from './draws.js';
import type { Plan } from './plan.js';
import type { Schedule } from './schedule.js';
import { SimulatedRun, type Happening } from './simulated-run.js';
import { Slots } from './slots.js';

/** How plans are simulated. */
export interface SimulationOptions {
  /** The order among ready tasks of each run. */
  readonly policy: string;
  /** The slots that all runs share. */
  readonly workers: number;
  /** Which run gets the next free slot. Default `fcfs`: the first of the files. */
  readonly between?: BetweenRuns;
  /** What failures and speeds are drawn from. Default 1. */
  readonly seed?: number;
  /** The probability that an attempt of a task that takes a slot fails, 0 to 1. Default 0. */
  readonly failures?: number;
  /** The range from which the speed of each slot is drawn. Default 1 for each. */
  readonly speeds?: readonly [least: number, most: number];
  /** Default: the policies that runs have. */
  readonly createPolicy?: CreatePolicy;
  /** Checks the scheduler's own rules after every moment. Slow: for tests. Default false. */
  readonly validate?: boolean;
}

/**
 * Runs plans that arrive together, in no time: a virtual clock drives the scheduler that real runs have. What ends at one
 * moment has ended before anything starts. The same input gives the same schedule, always.
 * @throws RangeError where there is not one slot.
 */
export function simulate(plans: readonly Plan[], options: SimulationOptions): Schedule {
  const { policy, workers, between = 'fcfs', seed = 1, failures = 0, speeds = [1, 1] } = options;
  if (!(workers >= 1)) throw new RangeError(`Nothing runs on ${workers} slots.`);
  const agenda = new Agenda<Happening>();
  const slots = new Slots(speedsOf(workers, speeds, seed));
  const world = { agenda, slots, seed, failures, createPolicy: options.createPolicy ?? createPolicy };
  const runs = plans.map((plan, position) => new SimulatedRun(plan, position, policy, world));
  for (const run of runs) run.handle({ type: 'run.began', at: 0 });
  for (let at = 0; at !== Infinity; at = agenda.nextAt) {
    while (agenda.nextAt === at) {
      const { run, event, start } = agenda.next()!;
      run.handle(event, start);
    }
    assign(runs, slots, between, at);
    // A run that others leave no slot to has ready tasks and starts none: to its scheduler that is a broken rule.
    if (options.validate && (runs.length === 1 || slots.free > 0)) for (const run of runs) run.validate();
  }
  return { policy, speeds: slots.speeds, runs: runs.map((run) => run.result()) };
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
