import type { Json } from './json.js';
import type { CreatePolicy, Policy } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import { HOLD } from './task-table.js';
import { WalkFacts, type Walked } from './walk-facts.js';

/** Tasks that may start: those that need a slot in the order of the policy, and those that need none. */
export class ReadyTasks {
  readonly facts: WalkFacts;
  policy: Policy;
  readonly #walk: Walked;
  readonly #createPolicy: CreatePolicy;
  /** Those that need no slot. */
  readonly #free = new Set<number>();

  constructor(walk: Walked, policy: string, createPolicy: CreatePolicy, settings: PolicySettings) {
    this.#walk = walk;
    this.#createPolicy = createPolicy;
    this.facts = new WalkFacts(walk, settings);
    this.policy = createPolicy(policy, this.facts);
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

  forgetFree(): void {
    this.#free.clear();
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
    if (tasks.hold[task] === HOLD.nothing) this.#free.delete(task);
    else this.policy.remove(task, tasks.sequence[task]!);
  }

  /** Goes on from a snapshot. */
  resume(order: readonly number[], policyMemory: Json | undefined): void {
    if (policyMemory !== undefined) this.policy.recall(policyMemory);
    for (const task of order) this.add(task);
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
    for (const task of this.policy.waiting()) policy.add(task, this.#walk.tasks.sequence[task]!);
    this.policy = policy;
  }
}
