import type { TimerName } from '../../src/dag/event.js';
import { expect } from 'vitest';
import type { Dag } from '../../src/dag/dag.js';
import { DagwrightError } from '../../src/dag/errors.js';
import { isRunEnd } from '../../src/dag/run-state.js';
import type { ActType } from '../../src/run/act.js';
import { readAct } from '../../src/run/read-act.js';
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
  /** What an operator asks for, and at which step; `pick` chooses the task. What the run refuses changes nothing. */
  readonly acts?: readonly { readonly step: number; readonly type: OperatorAct; readonly pick: number }[];
}

/** What an operator may ask for at any time. */
export const OPERATOR_ACTS = [
  'pause',
  'resume',
  'pauseTask',
  'resumeTask',
  'cancelTask',
  'skipTask',
  'completeTask',
  'retryTask',
  'setPriority',
  'setConcurrency',
] as const satisfies readonly ActType[];
export type OperatorAct = (typeof OPERATOR_ACTS)[number];

/** A host of doubles: it carries out what a run asks for, one thing at a time, and checks the run after each. */
export class FlowWorld {
  live: LiveRun;
  /** Handler tasks in the order in which they started, and ended. */
  readonly log: string[] = [];
  readonly #behaviour: Behaviour;
  readonly #running = new Set<number>();
  readonly #told = new Set<number>();
  readonly #timers = new Map<string, { readonly timer: TimerName; at: number; task?: number }>();
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
      for (const { step: at, type, pick } of this.#behaviour.acts ?? []) {
        if (at === step && !isRunEnd(this.live.scheduler.state)) this.#act(type, pick);
      }
      if (isRunEnd(this.live.scheduler.state)) break;
      if (step === this.#behaviour.cancelAt)
        this.#carryOut(this.live.act({ type: 'cancel' }, {}, ++this.#at).instructions);
      else this.#step(mixed(step, this.#behaviour.picks[step % this.#behaviour.picks.length] ?? 0));
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
    if (choices.length === 0) {
      // Only an operator can go on.
      for (const task of this.live.pausedTasks()) this.#do('resumeTask', { task: dag.tasks[task]!.name });
      this.#do('resume', {});
      return;
    }
    expect(choices.length, `nothing can happen: ${this.live.scheduler.state}`).toBeGreaterThan(0);
    this.#carryOut(choices[pick % choices.length]!());
  }

  #act(type: OperatorAct, pick: number): void {
    const { tasks } = this.live.dag;
    const task = tasks[pick % tasks.length]!.name;
    switch (type) {
      case 'pause':
        return this.#do(type, { mode: pick % 2 === 0 ? 'drain' : 'interrupt' });
      case 'resume':
        return this.#do(type, {});
      case 'pauseTask':
        return this.#do(type, { task, mode: pick % 3 === 0 ? 'drain' : 'interrupt' });
      case 'completeTask':
        return this.#do(type, { task, output: pick });
      case 'retryTask':
        return this.#do(type, { task, dependents: pick % 4 !== 0 });
      case 'setPriority':
        return this.#do(type, { task, priority: pick % 5 });
      case 'setConcurrency':
        return this.#do(type, { concurrency: 1 + (pick % 4) });
      default:
        return this.#do(type, { task });
    }
  }

  #do(type: ActType, fields: object): void {
    const before = JSON.stringify(this.live.snapshot());
    const { act, request } = readAct(type, fields);
    try {
      this.#carryOut(this.live.act(act, request, ++this.#at).instructions);
    } catch (error) {
      if (!(error instanceof DagwrightError)) throw error;
      expect(JSON.stringify(this.live.snapshot())).toBe(before);
    }
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

  #fire(key: string, { timer, at, task }: { timer: TimerName; at: number; task?: number }): HostInstruction[] {
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

/** The picks are few, and repeat: so that none of them keeps choosing the same for ever. */
function mixed(step: number, pick: number): number {
  return (Math.imul(step + 1, 2_654_435_761) ^ pick) >>> 3;
}
