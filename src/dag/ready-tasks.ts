import type { Json } from './json.js';
import type { CreatePolicy, Policy } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import { Pools, type PoolSize } from './pools.js';
import { HOLD } from './task-table.js';
import { WalkFacts, type Walked } from './walk-facts.js';

/** Tasks that need more of a pool than is free, and are looked past for one that needs less. */
const MOST_PASSED = 100;

/** Tasks that may start: those that need a slot in the order of the policy, and those that need none. */
export class ReadyTasks {
  readonly facts: WalkFacts;
  policy: Policy;
  readonly #walk: Walked;
  readonly #createPolicy: CreatePolicy;
  readonly pools: Pools;
  /** Those that need no slot. */
  readonly #free = new Set<number>();
  /** Those that a pool had no room for, by its name. */
  readonly #parked = new Map<string, Policy>();
  readonly #parkedIn = new Map<number, string>();

  constructor(
    walk: Walked,
    policy: string,
    createPolicy: CreatePolicy,
    { pools, ...settings }: PolicySettings & { readonly pools?: Readonly<Record<string, PoolSize>> },
  ) {
    this.#walk = walk;
    this.#createPolicy = createPolicy;
    this.facts = new WalkFacts(walk, settings);
    this.policy = createPolicy(policy, this.facts);
    this.pools = new Pools(pools);
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

  /** Takes the one that goes next, of those that need a slot. One that a pool has no room for lets the next one pass. */
  next(): number | undefined {
    for (;;) {
      const task = this.policy.next() ?? this.#nextParked();
      if (task === undefined) return undefined;
      const pool = this.pools.without(task);
      if (pool === undefined) return task;
      this.#park(task, pool);
    }
  }

  /** Those that were let out of the line of a pool may have gone otherwise: then it has room, and nobody took it. */
  #nextParked(): number | undefined {
    if (this.#parkedIn.size === 0) return undefined;
    for (const pool of this.#parked.keys()) this.#unpark(pool);
    return this.policy.next();
  }

  /** The pool that a ready task waits for. */
  parkedIn(task: number): string | undefined {
    return this.#parkedIn.get(task);
  }

  /** How many wait for room in a pool. */
  get parked(): number {
    return this.#parkedIn.size;
  }

  /** The task runs, and holds what it needs of pools. */
  started(task: number): void {
    if (this.#walk.tasks.hold[task] !== HOLD.nothing) this.pools.take(task);
  }

  /** The task does not run any more. */
  stopped(task: number): void {
    if (this.#walk.tasks.hold[task] === HOLD.nothing) return;
    for (const { name } of this.pools.giveBack(task)) this.#unpark(name);
  }

  /** All have gone: they were cancelled. */
  forget(): void {
    this.#free.clear();
    this.#parked.clear();
    this.#parkedIn.clear();
  }

  #park(task: number, pool: string): void {
    this.#parkedIn.set(task, pool);
    this.#queueOf(pool).add(task, this.#walk.tasks.sequence[task]!);
    // What it was let out for, another one may have.
    for (const { name } of this.pools.demandsOf(task)) if (name !== pool) this.#unpark(name);
  }

  #queueOf(pool: string): Policy {
    let queue = this.#parked.get(pool);
    if (queue === undefined) {
      queue = this.#createPolicy(this.policy.name, this.facts);
      this.#parked.set(pool, queue);
    }
    return queue;
  }

  /** Of those that wait for the pool, as many as it has room for are in the line again, in the order of the policy. */
  #unpark(pool: string): void {
    const queue = this.#parked.get(pool);
    if (queue === undefined || queue.size === 0) return;
    const tooLarge: number[] = [];
    for (let room = this.pools.free(pool); room > 0 && tooLarge.length < MOST_PASSED;) {
      const task = queue.next();
      if (task === undefined) break;
      const lacking = this.pools.without(task);
      if (lacking === pool) tooLarge.push(task);
      else if (lacking === undefined) {
        room -= this.pools.demandsOf(task).find(({ name }) => name === pool)?.slots ?? 0;
        this.#parkedIn.delete(task);
        this.policy.add(task, this.#walk.tasks.sequence[task]!);
      } else {
        this.#parkedIn.set(task, lacking);
        this.#queueOf(lacking).add(task, this.#walk.tasks.sequence[task]!);
      }
    }
    for (const task of tooLarge) queue.add(task, this.#walk.tasks.sequence[task]!);
  }

  #isInLine(task: number): boolean {
    const { tasks } = this.#walk;
    return tasks.is(task, 'ready') && tasks.paused[task] === 0 && tasks.hold[task] !== HOLD.nothing;
  }

  /** The task, where it is ready and not paused. */
  add(task: number): void {
    const { tasks } = this.#walk;
    if (!tasks.is(task, 'ready') || tasks.paused[task] === 1) return;
    if (tasks.hold[task] === HOLD.nothing) this.#free.add(task);
    else this.policy.add(task, tasks.sequence[task]!);
  }

  /** The task, where it is ready and not paused: before it moves on, or is paused. */
  remove(task: number): void {
    const { tasks } = this.#walk;
    if (!tasks.is(task, 'ready') || tasks.paused[task] === 1) return;
    const pool = this.#parkedIn.get(task);
    if (tasks.hold[task] === HOLD.nothing) this.#free.delete(task);
    else if (pool === undefined) this.policy.remove(task, tasks.sequence[task]!);
    else {
      this.#parked.get(pool)!.remove(task, tasks.sequence[task]!);
      this.#parkedIn.delete(task);
    }
  }

  /** Goes on from a snapshot. */
  resume(order: readonly number[], policyMemory: Json | undefined): void {
    if (policyMemory !== undefined) this.policy.recall(policyMemory);
    for (const task of order) {
      this.add(task);
      const pool = this.#isInLine(task) ? this.pools.without(task) : undefined;
      if (pool === undefined) continue;
      this.policy.remove(task, this.#walk.tasks.sequence[task]!);
      this.#park(task, pool);
    }
  }

  /** Another order among the tasks that wait, from now on. */
  usePolicy(name: string): void {
    this.#refill(this.#createPolicy(name, this.facts));
  }

  /** What the policy was told of the tasks may be another thing now: the graph, or an estimate, is another one. */
  factsChanged(): void {
    this.facts.changed();
    const memory = this.policy.memory();
    const policy = this.#createPolicy(this.policy.name, this.facts);
    if (memory !== undefined) policy.recall(memory);
    this.#refill(policy);
  }

  #refill(policy: Policy): void {
    const waiting = [...this.policy.waiting(), ...this.#parkedIn.keys()];
    for (const task of waiting) policy.add(task, this.#walk.tasks.sequence[task]!);
    this.#parked.clear();
    this.#parkedIn.clear();
    this.policy = policy;
  }
}
