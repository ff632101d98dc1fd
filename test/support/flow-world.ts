import { expect } from 'vitest';
import type { Dag } from '../../src/dag/dag.js';
import { isRunEnd } from '../../src/dag/run-state.js';
import { createPolicy } from '../../src/policy/policies.js';
import { LiveRun, type HostInstruction } from '../../src/run/live-run.js';

/** How a run's handlers, people and clock behave: from numbers that are drawn, so that a failure comes again. */
export interface Behaviour {
  /** Whether the handler of the task (or item) fails. */
  fails(task: string): boolean;
  /** Whether a person says no. */
  rejects(task: string): boolean;
  /** What happens next: one number for each step. */
  readonly picks: readonly number[];
  /** At these steps the run goes through JSON, as when it continues as new. */
  readonly carries: readonly number[];
  /** At this step the run is cancelled. */
  readonly cancelAt?: number;
}

/** A host of doubles: it carries out what a run asks for, one thing at a time, and checks the run after each. */
export class FlowWorld {
  live: LiveRun;
  /** Handler tasks in the order in which they started, and ended. */
  readonly log: string[] = [];
  readonly #behaviour: Behaviour;
  readonly #running = new Set<number>();
  readonly #told = new Set<number>();
  readonly #timers = new Map<
    string,
    { readonly timer: 'task' | 'run-timeout' | 'auto-resume'; at: number; task?: number }
  >();
  readonly #polls = new Map<number, number>();
  #at = 1_000;

  constructor(dag: Dag, behaviour: Behaviour) {
    this.#behaviour = behaviour;
    this.live = new LiveRun(dag, { runId: 'run', createPolicy });
  }

  /** Runs the dag to its end. */
  run(): this {
    this.#carryOut(this.live.handle(this.live.begin(this.#at)));
    for (let step = 0; !isRunEnd(this.live.scheduler.state); step++) {
      expect(step).toBeLessThan(5_000);
      if (this.#behaviour.carries.includes(step)) this.#carry();
      if (step === this.#behaviour.cancelAt)
        this.#carryOut(this.live.act({ type: 'cancel' }, {}, ++this.#at).instructions);
      else this.#step(step + (this.#behaviour.picks[step % this.#behaviour.picks.length] ?? 0));
    }
    expect(this.#running.size).toBe(0);
    expect(this.#timers.size).toBe(0);
    return this;
  }

  stateOf(task: string): string | undefined {
    const index = this.live.indexOf(task);
    return index === undefined ? undefined : this.live.scheduler.stateOf(index);
  }

  #carry(): void {
    const snapshot = JSON.parse(JSON.stringify(this.live.snapshot())) as ReturnType<LiveRun['snapshot']>;
    this.live = new LiveRun(this.live.definition, { runId: 'run', createPolicy }, snapshot);
    this.live.scheduler.validate();
    const timers = this.live.scheduler.timers().map(({ timer, task }) => `${timer} ${task ?? ''}`);
    expect(timers.sort()).toEqual([...this.#timers.keys()].sort());
  }

  /** One of all that can happen now happens. */
  #step(pick: number): void {
    const { scheduler, controls, dag } = this.live;
    const choices: (() => HostInstruction[])[] = [...this.#running].map((task) => () => this.#end(task));
    const timer = [...this.#timers].sort(([, a], [, b]) => a.at - b.at)[0];
    if (timer !== undefined) choices.push(() => this.#fire(...timer));
    dag.tasks.forEach(({ name, uses, with: given }, task) => {
      if (!scheduler.tasks.is(task, 'waiting')) return;
      if (uses === 'approval') {
        const act = this.#behaviour.rejects(name)
          ? ({ type: 'reject', task: name } as const)
          : ({ type: 'approve', task: name } as const);
        choices.push(() => this.live.act(act, { by: 'ann' }, ++this.#at).instructions);
      }
      if (uses === 'event' && controls.wants(task, { event: String(given['event']), payload: name })) {
        const act = { type: 'sendEvent', event: String(given['event']), payload: name } as const;
        choices.push(() => this.live.act(act, {}, ++this.#at).instructions);
      }
    });
    expect(choices.length, `nothing can happen: ${this.live.scheduler.state}`).toBeGreaterThan(0);
    this.#carryOut(choices[pick % choices.length]!());
  }

  #end(task: number): HostInstruction[] {
    this.#running.delete(task);
    const { name } = this.live.dag.tasks[task]!;
    this.log.push(`ended ${name}`);
    const outcome = this.#told.delete(task) ? 'cancelled' : this.#behaviour.fails(name) ? 'failed' : 'succeeded';
    const times = (this.#polls.get(task) ?? 0) + 1;
    this.#polls.set(task, times);
    const output = outcome === 'succeeded' ? { output: times } : {};
    return this.live.handle(this.live.ended({ task, outcome, attempts: 1, ...output }, ++this.#at));
  }

  #fire(
    key: string,
    { timer, at, task }: { timer: 'task' | 'run-timeout' | 'auto-resume'; at: number; task?: number },
  ): HostInstruction[] {
    this.#timers.delete(key);
    this.#at = Math.max(this.#at + 1, at);
    return this.live.handle({ type: 'timer.fired', at: this.#at, timer, ...(task === undefined ? {} : { task }) });
  }

  #carryOut(instructions: readonly HostInstruction[]): void {
    this.live.scheduler.validate();
    for (const instruction of instructions) {
      switch (instruction.type) {
        case 'task.start':
          this.#start(instruction.task);
          break;
        case 'task.cancel':
          expect(this.#running.has(instruction.task)).toBe(true);
          this.#told.add(instruction.task);
          break;
        case 'timer.set':
          this.#timers.set(`${instruction.timer} ${instruction.task ?? ''}`, { ...instruction });
          break;
        case 'timer.drop':
          expect(this.#timers.delete(`${instruction.timer} ${instruction.task ?? ''}`)).toBe(true);
          break;
        default:
          break;
      }
    }
  }

  #start(task: number): void {
    expect(this.#running.has(task)).toBe(false);
    expect(this.live.callOf(task)).toHaveProperty('call.task', this.live.dag.tasks[task]!.name);
    this.live.record.began(task);
    this.log.push(`started ${this.live.dag.tasks[task]!.name}`);
    this.#running.add(task);
  }
}
