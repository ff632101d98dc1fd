import type { Instruction } from './instruction.js';
import type { PoolDemand } from './pools.js';

type LeaseInstruction = Extract<Instruction, { readonly type: 'lease.want' | 'lease.release' }>;

/** What a run holds of pools that runs share, and what it has asked for. */
export class Leases {
  /** What was not handed to the host yet. */
  readonly #instructions: LeaseInstruction[] = [];
  readonly #demands = new Map<number, readonly PoolDemand[]>();
  readonly #wanted = new Set<number>();
  readonly #held = new Set<number>();

  describe(task: number, demands: readonly PoolDemand[]): void {
    if (demands.length > 0) this.#demands.set(task, demands);
  }

  demandsOf(task: number): readonly PoolDemand[] {
    return this.#demands.get(task) ?? NO_DEMANDS;
  }

  /** Tasks that were asked for. */
  get wanted(): number {
    return this.#wanted.size;
  }

  /** Whether the task must have a lease that it has not. */
  lacks(task: number): boolean {
    return this.#demands.size > 0 && this.#demands.has(task) && !this.#held.has(task);
  }

  isWanted(task: number): boolean {
    return this.#wanted.has(task);
  }

  isHeld(task: number): boolean {
    return this.#held.has(task);
  }

  want(task: number): void {
    this.#wanted.add(task);
    this.#instructions.push({ type: 'lease.want', task });
  }

  /** @returns whether somebody waited for it. */
  granted(task: number): boolean {
    if (!this.#wanted.delete(task)) return false;
    this.#held.add(task);
    return true;
  }

  /** The task does not need it any more, whether it had it or not. */
  release(task: number): void {
    if (this.#demands.size === 0) return;
    if (this.#wanted.delete(task) || this.#held.delete(task)) this.#instructions.push({ type: 'lease.release', task });
  }

  /** What the host is to be told since it was last asked. */
  takeInstructions(): LeaseInstruction[] {
    return this.#instructions.length === 0 ? NO_INSTRUCTIONS : this.#instructions.splice(0);
  }

  snapshot(): { readonly wanted: readonly number[]; readonly held: readonly number[] } | undefined {
    if (this.#wanted.size === 0 && this.#held.size === 0) return undefined;
    return { wanted: [...this.#wanted], held: [...this.#held] };
  }

  restore({ wanted, held }: { readonly wanted: readonly number[]; readonly held: readonly number[] }): void {
    for (const task of wanted) this.#wanted.add(task);
    for (const task of held) this.#held.add(task);
  }
}

const NO_DEMANDS: readonly PoolDemand[] = [];
const NO_INSTRUCTIONS: LeaseInstruction[] = [];
