import type { Instruction } from './instruction.js';
import { PlacedStarts } from './placed-starts.js';
import { preempts } from './policy.js';
import type { PoolSize } from './pools.js';
import { tasksToPreempt } from './preemption.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { Snapshot } from './snapshot.js';
import type { StartedTasks } from './started-tasks.js';
import { STOP } from './task-table.js';
import type { Walk } from './walk.js';

/** What of a snapshot is about what lets ready tasks start. */
type StartsSnapshot = Pick<
  Snapshot,
  | 'heldBack'
  | 'resized'
  | 'poolTimerAt'
  | 'rates'
  | 'parked'
  | 'leases'
  | 'facts'
  | 'groups'
  | 'placementMemory'
  | 'stoppedFor'
>;

/** What lets ready tasks start: the slots of the run, its pools and their rates, leases, worker groups. */
export class Starts {
  readonly #walk: Walk;
  readonly #started: StartedTasks;
  readonly #hasRoom: () => boolean;
  readonly #placed: PlacedStarts | undefined;
  /** Pools that an operator gave another size. */
  readonly #resized = new Map<string, PoolSize>();
  #concurrency: number;
  /** So many tasks may run: more than the concurrency only where that was lowered while they ran. */
  #ceiling: number;
  /** The run waits for its turn among those of its dag. */
  #heldBack: boolean;
  /** Milliseconds; when the rate of a pool lets more start. */
  #poolTimerAt: number | undefined;

  constructor(walk: Walk, started: StartedTasks, options: SchedulerOptions) {
    const { placement, createPlacement, seed = 0, hasRoom = () => true, heldBack = false, concurrency } = options;
    this.#walk = walk;
    this.#started = started;
    this.#hasRoom = hasRoom;
    this.#heldBack = heldBack;
    this.#concurrency = this.#ceiling = concurrency;
    walk.ready.mostWanted = concurrency;
    if (placement === undefined || createPlacement === undefined) return;
    this.#placed = new PlacedStarts(walk, started, { placement, createPlacement, seed });
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  get isHeldBack(): boolean {
    return this.#heldBack;
  }

  get isPlaced(): boolean {
    return this.#placed !== undefined;
  }

  get poolTimerAt(): number | undefined {
    return this.#poolTimerAt;
  }

  /** What of a snapshot is its own. */
  snapshot(): StartsSnapshot {
    const { pools, leases, facts, groups, stoppedFor } = this.#walk.ready;
    const rates = pools.recent();
    const parked = this.#walk.ready.parkedOutside();
    const leased = leases.snapshot();
    const learned = facts.snapshot();
    const grouped = groups.snapshot();
    const placementMemory = this.#placed?.placement.memory();
    return {
      ...(this.#heldBack ? { heldBack: true } : {}),
      ...(this.#resized.size === 0 ? {} : { resized: Object.fromEntries(this.#resized) }),
      ...(this.#poolTimerAt === undefined ? {} : { poolTimerAt: this.#poolTimerAt }),
      ...(Object.keys(rates).length === 0 ? {} : { rates }),
      ...(parked.length === 0 ? {} : { parked }),
      ...(leased === undefined ? {} : { leases: leased }),
      ...(learned === undefined ? {} : { facts: learned }),
      ...(grouped === undefined ? {} : { groups: grouped }),
      ...(placementMemory === undefined ? {} : { placementMemory }),
      ...(stoppedFor.size === 0 ? {} : { stoppedFor: [...stoppedFor] }),
    };
  }

  /** Goes on from a snapshot. To be said before the walk does. */
  restore({ heldBack, resized = {}, poolTimerAt, rates = {}, leases, facts, groups, ...rest }: StartsSnapshot): void {
    const { ready, tasks } = this.#walk;
    this.#heldBack = heldBack ?? false;
    for (const [pool, size] of Object.entries(resized)) this.resize(pool, size);
    this.#poolTimerAt = poolTimerAt;
    ready.pools.recall(rates);
    if (leases !== undefined) ready.leases.restore(leases);
    if (facts !== undefined) ready.facts.restore(facts);
    if (groups !== undefined) ready.groups.restore(groups, (task) => tasks.is(task, 'running'));
    for (const task of rest.stoppedFor ?? []) ready.stoppedFor.add(task);
    if (rest.placementMemory !== undefined) this.#placed?.placement.recall(rest.placementMemory);
  }

  /** @throws RangeError where it is below 1. */
  setConcurrency(concurrency: number): void {
    if (!(concurrency >= 1)) throw new RangeError(`A concurrency of ${concurrency} starts no task.`);
    this.#concurrency = concurrency;
    this.#ceiling = Math.max(concurrency, this.#walk.tasks.slots);
    this.#walk.ready.mostWanted = concurrency;
  }

  /** What was handled is done: no more may run than do, where the concurrency was lowered. */
  lowerCeiling(): void {
    this.#ceiling = Math.max(this.#concurrency, Math.min(this.#ceiling, this.#walk.tasks.slots));
  }

  /** The run may go on beside the others of its dag. */
  admit(): void {
    this.#heldBack = false;
  }

  resize(pool: string, size: PoolSize): void {
    this.#resized.set(pool, size);
    this.#walk.ready.pools.resize(pool, size);
    this.#walk.ready.poolsChanged();
  }

  /** The timer of the pools fired. */
  poolsOpened(): void {
    this.#poolTimerAt = undefined;
    this.#walk.ready.poolsChanged();
  }

  /** Starts what may start. */
  start(at: number, instructions: Instruction[]): void {
    if (this.#heldBack) return;
    const { ready, tasks } = this.#walk;
    for (let task = ready.nextFree(); task !== undefined; task = ready.nextFree()) {
      this.#started.start(task, at, instructions);
    }
    if (this.#placed !== undefined) {
      this.#placed.start(() => this.#concurrency - tasks.slots, at, instructions);
      return;
    }
    while (tasks.slots < this.#concurrency && this.#hasRoom()) {
      const task = ready.next();
      if (task === undefined) return;
      this.#started.start(task, at, instructions);
    }
  }

  /** Stops running tasks for shorter ones that wait, where the policy does so. */
  preempt(at: number, instructions: Instruction[]): void {
    const isFull = this.#walk.tasks.slots >= this.#concurrency;
    if (!preempts(this.#walk.policy.name) || !(isFull || this.isPlaced)) return;
    for (const task of tasksToPreempt(this.#walk, at, isFull)) this.#started.stop(task, STOP.again, at, instructions);
  }

  /** Sets the timer for whoever waits for the rate of a pool, or drops it. */
  setPoolTimer(instructions: Instruction[]): void {
    const at = this.#walk.ready.opensAt();
    // One that fires earlier sets the next.
    const isInTime = at !== undefined && this.#poolTimerAt !== undefined && this.#poolTimerAt <= at;
    if (at === this.#poolTimerAt || isInTime) return;
    if (at === undefined) this.dropPoolTimer(instructions);
    else instructions.push({ type: 'timer.set', timer: 'pool', at });
    this.#poolTimerAt = at;
  }

  dropPoolTimer(instructions: Instruction[]): void {
    if (this.#poolTimerAt !== undefined) instructions.push({ type: 'timer.drop', timer: 'pool' });
    this.#poolTimerAt = undefined;
  }
}
