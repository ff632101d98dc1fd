import { ExpectedEnds } from './expected-ends.js';
import { Groups } from './groups.js';
import type { Json } from './json.js';
import { Leases } from './leases.js';
import { Line } from './line.js';
import { groupsFor, isOutside, LEASES, Parking } from './parking.js';
import type { CreatePolicy, Policy } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import { Pools, type PoolSize } from './pools.js';
import { HOLD } from './task-table.js';
import type { TaskTraits } from './task-traits.js';
import { WalkFacts, type Walked } from './walk-facts.js';

/** Tasks that need more of a pool than is free, and are looked past for one that needs less. */
const MOST_PASSED = 100;

/** What ready tasks are ordered by, and held back by. */
export interface ReadySettings extends PolicySettings {
  readonly pools?: Readonly<Record<string, PoolSize>>;
  /** Whether pools that runs share are asked for leases, rather than counted here. */
  readonly leases?: boolean;
  /** Asked where a task that goes first lacks a pool: whether those behind it that lack nothing pass it at once. Default: yes. */
  readonly smallerPass?: (() => boolean) | undefined;
}

/** Tasks that may start: those that need a slot in the order of the policy, and those that need none. */
export class ReadyTasks {
  readonly facts: WalkFacts;
  readonly pools: Pools;
  readonly leases = new Leases();
  readonly groups = new Groups();
  readonly ends: ExpectedEnds;
  /** Waiting tasks for which a running one was stopped. */
  readonly stoppedFor = new Set<number>();
  /** Leases that may be asked for at once. */
  mostWanted = Infinity;
  /** Whether the placement lets tasks wait though there is room for them. */
  placementWaits = false;
  /** Whether it does so by when tasks are thought to end. */
  placementLooksAhead = false;
  readonly #walk: Walked;
  readonly #createPolicy: CreatePolicy;
  /** Those that need no slot. */
  readonly #free = new Set<number>();
  /** Those that need one, and that nothing keeps. */
  #line: Line;
  #parking: Parking;
  readonly #globalPools: ReadonlySet<string>;
  readonly #smallerPass: () => boolean;

  constructor(walk: Walked, policy: string, createPolicy: CreatePolicy, settings: ReadySettings) {
    const { pools = {}, leases = false, smallerPass = () => true, ...policySettings } = settings;
    this.#walk = walk;
    this.#smallerPass = smallerPass;
    this.#createPolicy = createPolicy;
    this.facts = new WalkFacts(walk, policySettings);
    this.ends = new ExpectedEnds(walk, this.facts, this.groups);
    this.#line = this.#newLine(policy);
    const isGlobal = (size: PoolSize): boolean => leases && typeof size === 'object' && size.scope === 'global';
    this.#globalPools = new Set(Object.keys(pools).filter((name) => isGlobal(pools[name]!)));
    this.pools = new Pools(Object.fromEntries(Object.entries(pools).filter(([, size]) => !isGlobal(size))));
    this.#parking = this.#newParking();
  }

  get policy(): Policy {
    return this.#line.policy;
  }

  /** What is known of a task. To be said before it moves, in the order of declaration. */
  describe(task: number, traits: TaskTraits): void {
    this.facts.describe(task, traits);
    this.groups.describe(task, traits);
    const { pools } = traits;
    if (pools === undefined) return;
    this.pools.describe(
      task,
      pools.filter(({ name }) => !this.#globalPools.has(name)),
    );
    this.leases.describe(
      task,
      pools.filter(({ name }) => this.#globalPools.has(name)),
    );
  }

  /** More is known of a task that could start. To be said before it is added. */
  learn(task: number, { estimate, affinity }: Pick<TaskTraits, 'estimate' | 'affinity'>): void {
    if (estimate !== undefined) this.facts.setEstimate(task, estimate);
    if (affinity !== undefined) this.groups.setAffinity(task, affinity);
  }

  /** What an item of the task, or its like, is to be described with. */
  traitsLike(task: number): Partial<TaskTraits> {
    const pools = [...this.pools.demandsOf(task), ...this.leases.demandsOf(task)];
    return {
      ...this.facts.traitsLike(task),
      ...this.groups.traitsOf(task),
      ...(pools.length === 0 ? {} : { pools }),
    };
  }

  /** How many need no slot. */
  get free(): number {
    return this.#free.size;
  }

  /** Takes one that needs no slot. */
  nextFree(): number | undefined {
    if (this.#free.size === 0) return undefined;
    const [task] = this.#free;
    this.#free.delete(task!);
    return task;
  }

  /** Takes the one that goes next, of those that need a slot. One that something keeps lets the next one pass. */
  next(): number | undefined {
    for (;;) {
      const task = this.#line.next() ?? this.#nextParked();
      if (task === undefined) return undefined;
      const pool = this.pools.without(task);
      if (pool !== undefined) {
        this.#parking.add(task, pool);
        // What it was let out for, another one may have.
        for (const { name } of this.pools.demandsOf(task)) {
          if (name !== pool || this.#leavesRoom(task, pool)) this.#unpark(name);
        }
      } else if (this.leases.lacks(task)) this.#want(task);
      else return task;
    }
  }

  /** The task, which goes first of those that lack the pool, needs more than there is: one behind it may need less. */
  #leavesRoom(task: number, pool: string): boolean {
    const isPassable = this.pools.free(pool) > 0 && this.#parking.countAt(pool) > 1;
    return isPassable && this.#parking.isFirst(task, pool) && this.#smallerPass();
  }

  /** Those that were let out of the line of a pool may have gone otherwise: then it has room, and nobody took it. */
  #nextParked(): number | undefined {
    if (this.#parking.size === 0) return undefined;
    for (const place of this.#parking.places()) if (this.pools.has(place)) this.#unpark(place);
    return this.#line.next();
  }

  #want(task: number): void {
    if (this.leases.wanted < this.mostWanted) this.leases.want(task);
    else this.#parking.add(task, LEASES);
  }

  /** What the task was asked for is there. */
  leaseGranted(task: number): void {
    if (!this.leases.granted(task)) return;
    this.#line.add(task);
    this.#letOut(LEASES, 1);
  }

  /** Nothing starts for now: what was asked for is not wanted, and what has come and was not used goes back. */
  dropLeases(): void {
    const { tasks } = this.#walk;
    for (let task = 0; task < tasks.size; task++) {
      if (!tasks.is(task, 'ready')) continue;
      const wasWanted = this.leases.isWanted(task);
      this.leases.release(task);
      if (wasWanted) this.#line.add(task);
    }
    this.#letOut(LEASES, Infinity);
  }

  /** No worker group has room for the task, which is not in the line. */
  parkForGroup(task: number): void {
    if (!this.groups.hasGroupFor(task)) this.leases.release(task);
    this.#parking.add(task, groupsFor(this.groups.kindOf(task)));
  }

  /** A worker group may have room: of each kind, as many as that may be are in the line again. */
  groupsChanged(): void {
    if (this.#parking.size === 0) return;
    const most = this.groups.freeSlots + (this.placementWaits ? MOST_PASSED : 0);
    for (const place of this.#parking.groupPlaces()) this.#letOut(place, most);
  }

  /** The pool that a ready task waits for. */
  parkedIn(task: number): string | undefined {
    return this.#parking.poolOf(task);
  }

  /** Whether the task waits for something beside a slot. */
  isKept(task: number): boolean {
    return this.#parking.placeOf(task) !== undefined || this.leases.isWanted(task);
  }

  /** Whether a ready task waits for pools that runs share. */
  awaitsLease(task: number): boolean {
    return this.leases.isWanted(task) || this.#parking.awaitsLease(task);
  }

  /** Whether a ready task waits for a worker group. */
  awaitsGroup(task: number): boolean {
    return this.#parking.awaitsGroup(task);
  }

  /** How many wait for something beside a slot. */
  get parked(): number {
    return this.#parking.size + this.leases.wanted;
  }

  /** Whether somebody waits for what comes from outside of the run, or by the time. */
  get awaitsOutside(): boolean {
    if (this.parked === 0) return false;
    const opens = (place: string): boolean => isOutside(place) || this.pools.opensAt(place) !== undefined;
    return this.leases.wanted > 0 || this.#parking.places().some(opens);
  }

  /**
   * When somebody who waits is to be looked at again, in milliseconds: the rate of a pool lets more start; or a task is
   * thought to end for whose worker group one waits, though another has room.
   */
  opensAt(): number | undefined {
    if (this.#parking.size === 0) return undefined;
    let first: number | undefined;
    for (const place of this.#parking.places()) {
      const at = this.pools.opensAt(place);
      if (at !== undefined && (first === undefined || at < first)) first = at;
    }
    const end = this.#nextEnd();
    return end !== undefined && (first === undefined || end < first) ? end : first;
  }

  #nextEnd(): number | undefined {
    const waits = this.placementLooksAhead && this.groups.freeSlots > 0;
    if (!waits || this.#parking.groupPlaces().length === 0) return undefined;
    return this.ends.first(this.pools.now);
  }

  /** Time has passed, or a pool has another size: what was kept may go. */
  poolsChanged(): void {
    if (this.placementLooksAhead) this.groupsChanged();
    for (const place of this.#parking.places()) if (this.pools.has(place)) this.#unpark(place);
  }

  /** See {@link ExpectedEnds.remainingAt}. */
  remainingAt(task: number, at: number): number {
    return this.ends.remainingAt(task, at);
  }

  /**
   * The tasks that go first of those that wait for a slot, and of those that wait for a worker group, at most so many of
   * each.
   * @param withLine Whether those count that wait for a slot of the run.
   */
  firstWaiting(most: number, withLine: boolean): number[] {
    const line = withLine ? this.#line.first(most) : [];
    return [...line, ...this.#parking.groupPlaces().flatMap((place) => this.#parking.firstAt(place, most))];
  }

  /** The task is about to be placed: it holds what it needs of pools. */
  reserve(task: number): void {
    this.pools.take(task);
  }

  /** It was not placed. */
  unreserve(task: number): void {
    for (const { name } of this.pools.putBack(task)) this.#unpark(name);
  }

  /** The task runs, and holds what it needs of pools. */
  started(task: number): void {
    this.stoppedFor.delete(task);
    if (this.#walk.tasks.hold[task] !== HOLD.nothing) this.pools.take(task);
  }

  /** The task runs since before a snapshot: what it holds of pools was counted by their rates then. */
  goesOn(task: number): void {
    if (this.#walk.tasks.hold[task] !== HOLD.nothing) this.pools.resume(task);
  }

  /** The task does not run any more. */
  stopped(task: number): void {
    if (this.#walk.tasks.hold[task] === HOLD.nothing) return;
    this.#giveBackPools(task);
    if (this.leases.isHeld(task)) {
      this.leases.release(task);
      this.#letOut(LEASES, 1);
    }
    if (this.groups.groupOf(task) === undefined) return;
    this.groups.giveBack(task);
    this.groupsChanged();
  }

  #giveBackPools(task: number): void {
    for (const { name } of this.pools.giveBack(task)) this.#unpark(name);
  }

  /** All have gone: they were cancelled. */
  forget(): void {
    this.#free.clear();
    this.#parking.clear();
  }

  /** The task has ended without a start: it needs nothing. */
  dropped(task: number): void {
    this.stoppedFor.delete(task);
    this.leases.release(task);
  }

  /** Of those that wait for the pool, as many as it has room for are in the line again, in the order of the policy. */
  #unpark(pool: string): void {
    if (this.#parking.countAt(pool) === 0) return;
    const tooLarge: number[] = [];
    for (let room = this.pools.free(pool); room > 0 && tooLarge.length < MOST_PASSED;) {
      const task = this.#parking.next(pool);
      if (task === undefined) break;
      const lacking = this.pools.without(task);
      if (lacking === pool) tooLarge.push(task);
      else if (lacking === undefined) {
        room -= this.pools.demandsOf(task).find(({ name }) => name === pool)?.slots ?? 0;
        this.#line.add(task);
      } else this.#parking.add(task, lacking);
    }
    for (const task of tooLarge) this.#parking.add(task, pool);
  }

  #letOut(place: string, most: number): void {
    for (let count = 0; count < most; count++) {
      const task = this.#parking.next(place);
      if (task === undefined) return;
      this.#line.add(task);
    }
  }

  /** The task, where it is ready and not paused. */
  add(task: number): void {
    const { tasks } = this.#walk;
    if (!tasks.is(task, 'ready') || tasks.paused[task] === 1) return;
    if (tasks.hold[task] === HOLD.nothing) this.#free.add(task);
    else this.#line.add(task);
  }

  /** The task, where it is ready and not paused: before it moves on, or is paused. */
  remove(task: number): void {
    const { tasks } = this.#walk;
    if (!tasks.is(task, 'ready') || tasks.paused[task] === 1) return;
    if (tasks.hold[task] === HOLD.nothing) this.#free.delete(task);
    else if (this.leases.isWanted(task)) this.leases.release(task);
    else {
      this.leases.release(task);
      if (!this.#parking.remove(task)) this.#line.remove(task);
    }
  }

  /** What else than a pool of the run keeps ready tasks. For a snapshot. */
  parkedOutside(): [task: number, place: string][] {
    return this.#parking.keptOutside();
  }

  /** Goes on from a snapshot. */
  resume(order: readonly number[], policyMemory: Json | undefined, parked: ReadonlyMap<number, string>): void {
    if (policyMemory !== undefined) this.policy.recall(policyMemory);
    const { tasks } = this.#walk;
    for (const task of order) {
      if (tasks.is(task, 'ready') && this.leases.isWanted(task)) continue;
      const place = parked.get(task);
      if (place !== undefined) {
        this.#parking.add(task, place);
        continue;
      }
      this.add(task);
      const isInLine = tasks.is(task, 'ready') && tasks.paused[task] === 0 && tasks.hold[task] !== HOLD.nothing;
      const pool = isInLine ? this.pools.without(task) : undefined;
      if (pool === undefined) continue;
      this.#line.remove(task);
      this.#parking.add(task, pool);
    }
  }

  /** Another order among the tasks that wait, from now on. */
  usePolicy(name: string): void {
    this.#refill(this.#newLine(name));
  }

  /** What the policy was told of the tasks may be another thing now: the graph, or an estimate, is another one. */
  factsChanged(): void {
    this.facts.changed();
    const memory = this.policy.memory();
    const line = this.#newLine(this.policy.name);
    if (memory !== undefined) line.policy.recall(memory);
    this.#refill(line);
  }

  #refill(line: Line): void {
    const { tasks } = this.#walk;
    const wanted = this.leases.wanted === 0 ? [] : [...tasks.state.keys()].filter((task) => this.leases.isWanted(task));
    const waiting = [...this.policy.waiting(), ...this.#parking.tasks(), ...wanted];
    for (const task of wanted) this.leases.release(task);
    for (const task of waiting) line.add(task);
    this.#line = line;
    this.#parking = this.#newParking();
  }

  #newLine(policy: string): Line {
    return new Line(this.#createPolicy(policy, this.facts), this.#walk);
  }

  #newParking(): Parking {
    return new Parking(() => this.#newLine(this.policy.name));
  }
}
