import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { graphFrom } from '../../test/support/scheduler-driver.js';
import { createPolicy } from '../policy/policies.js';
import type { SchedulerEvent } from './event.js';
import { neighbours, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import { POLICY_NAMES } from './policy.js';
import { isRunEnd } from './run-state.js';
import { Scheduler } from './scheduler.js';
import type { SchedulerOptions } from './scheduler-options.js';
import type { Snapshot } from './snapshot.js';
import { isTaskEnd, type TaskState } from './task-state.js';

/** A run to walk: its dag, how each task would end, and what the world does, as numbers that a {@link World} reads. */
interface Case {
  readonly size: number;
  readonly edges: readonly (readonly [number, number])[];
  readonly fails: readonly boolean[];
  readonly continues: readonly boolean[];
  readonly concurrency: number;
  readonly acts: readonly (readonly [act: Act, pick: number])[];
}

type Act = 'end' | 'drain' | 'interrupt' | 'resume' | 'cancel' | 'timeout';

function cases(...acts: Act[]): fc.Arbitrary<Case> {
  return fc.integer({ min: 1, max: 14 }).chain((size) => {
    const flags = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: size, maxLength: size });
    const edge = fc.tuple(fc.nat({ max: size - 1 }), fc.nat({ max: size - 1 })).map(([a, b]): [number, number] => {
      return [Math.min(a, b), Math.max(a, b)];
    });
    return fc.record({
      size: fc.constant(size),
      edges: fc.array(edge, { maxLength: 2 * size }).map((edges) => edges.filter(([from, to]) => from !== to)),
      fails: flags.map((numbers) => numbers.map((number) => number === 0)),
      continues: flags.map((numbers) => numbers.map((number) => number === 0)),
      concurrency: fc.integer({ min: 1, max: 5 }),
      acts: fc.array(fc.tuple(fc.constantFrom(...acts), fc.nat({ max: 100 })), { maxLength: 60 }),
    });
  });
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** A host whose tasks end when the case says so. It checks each instruction by itself, not by the scheduler's word. */
class World {
  readonly graph: Graph;
  readonly starts: number[] = [];
  readonly stream: Instruction[][] = [];
  scheduler: Scheduler;
  readonly #case: Case;
  readonly #options: Omit<SchedulerOptions, 'createPolicy'>;
  readonly #restores: boolean;
  readonly #running = new Set<number>();
  readonly #told = new Set<number>();
  readonly #satisfied = new Set<number>();
  #failing = false;
  #at = 10;
  #timer = false;

  constructor(run: Case, options: Omit<Partial<SchedulerOptions>, 'createPolicy'> = {}, restores = false) {
    this.#case = run;
    this.graph = graphFrom(run.size, run.edges);
    this.#options = {
      concurrency: run.concurrency,
      traits: (task) => ({ continueOnError: run.continues[task]! }),
      ...options,
    };
    this.#restores = restores;
    this.scheduler = new Scheduler(this.graph, { ...this.#options, createPolicy });
  }

  /** Does all acts, then resumes and lets every task end. */
  run(): this {
    this.#tell({ type: 'run.began', at: this.#at });
    for (const [act, pick] of this.#case.acts) {
      if (isRunEnd(this.scheduler.state)) return this;
      this.#do(act, pick);
    }
    if (!isRunEnd(this.scheduler.state)) this.#do('resume', 0);
    for (let left = 4 * this.graph.size; left > 0 && !isRunEnd(this.scheduler.state); left--) this.#do('end', 0);
    return this;
  }

  get states(): TaskState[] {
    return Array.from({ length: this.graph.size }, (_, task) => this.scheduler.stateOf(task));
  }

  #do(act: Act, pick: number): void {
    const at = (this.#at += pick % 3);
    if (act === 'drain' || act === 'interrupt') this.#tell({ type: 'operator.paused', at, mode: act });
    else if (act === 'resume') this.#tell({ type: 'operator.resumed', at });
    else if (act === 'cancel') this.#tell({ type: 'operator.cancelled', at });
    else if (act === 'timeout' && this.#timer) {
      this.#timer = false;
      this.#tell({ type: 'timer.fired', at, timer: 'run-timeout' });
    } else if (act === 'end' && this.#running.size > 0) {
      this.#endTask([...this.#running][pick % this.#running.size]!, pick, at);
    }
  }

  /** One in three tasks that were told to stop ends before it hears of it. */
  #endTask(task: number, pick: number, at: number): void {
    const stopped = this.#told.delete(task) && pick % 3 !== 1;
    const outcome = stopped ? 'cancelled' : this.#case.fails[task] ? 'failed' : 'succeeded';
    this.#running.delete(task);
    if (outcome === 'succeeded' || (outcome === 'failed' && this.#case.continues[task])) this.#satisfied.add(task);
    else if (outcome === 'failed') this.#failing = this.#options.failFast ?? false;
    this.#tell({ type: 'task.ended', at, task, outcome });
  }

  #tell(event: SchedulerEvent): void {
    if (this.#restores) this.#restore();
    const instructions = this.scheduler.handle(event);
    this.scheduler.validate();
    this.stream.push(instructions);
    for (const instruction of instructions) this.#carryOut(instruction);
    expect(instructions.findIndex(({ type }) => type === 'run.end')).toBe(
      isRunEnd(this.scheduler.state) ? instructions.length - 1 : -1,
    );
    expect(this.#running.size).toBe(this.scheduler.running);
    expect(this.#running.size).toBeLessThanOrEqual(this.#case.concurrency);
  }

  #carryOut(instruction: Instruction): void {
    switch (instruction.type) {
      case 'task.start':
        expect(this.#running.has(instruction.task)).toBe(false);
        expect(this.scheduler.state).toBe('running');
        expect(this.#failing).toBe(false);
        for (const needed of neighbours(this.graph.dependencies, instruction.task)) {
          expect(this.#satisfied.has(needed)).toBe(true);
        }
        this.#running.add(instruction.task);
        this.starts.push(instruction.task);
        break;
      case 'task.cancel':
        expect(this.#running.has(instruction.task)).toBe(true);
        expect(this.#told.has(instruction.task)).toBe(false);
        this.#told.add(instruction.task);
        break;
      case 'compensate':
      case 'lease.want':
      case 'lease.release':
      case 'subrun.pause':
      case 'subrun.resume':
        throw new Error(`A run of plain tasks asks for ${instruction.type}.`);
      case 'timer.set':
      case 'timer.drop':
        expect(this.#timer).toBe(instruction.type === 'timer.drop');
        this.#timer = instruction.type === 'timer.set';
        break;
      case 'run.end':
        expect(this.#running.size).toBe(0);
        expect(this.#timer).toBe(false);
    }
  }

  #restore(): void {
    const snapshot: Snapshot = this.scheduler.snapshot();
    const options: SchedulerOptions = { ...this.#options, createPolicy };
    this.scheduler = Scheduler.restore(this.graph, options, throughJson(snapshot));
    this.scheduler.validate();
    expect(this.scheduler.snapshot()).toEqual(snapshot);
  }
}

/** How each task ends where nobody interferes, by plain recursion. */
function oracle(run: Case): { states: TaskState[]; succeeded: boolean } {
  const known = new Map<number, TaskState>();
  const success = (task: number): boolean => {
    return stateOf(task) === 'succeeded' || (stateOf(task) === 'failed' && run.continues[task] === true);
  };
  const stateOf = (task: number): TaskState => {
    const before = known.get(task);
    if (before) return before;
    const needs = run.edges.filter(([, to]) => to === task).map(([from]) => from);
    const own = run.fails[task] ? 'failed' : 'succeeded';
    const state = needs.every(success) ? own : 'upstream_failed';
    known.set(task, state);
    return state;
  };
  const tasks = Array.from({ length: run.size }, (_, task) => task);
  return { states: tasks.map(stateOf), succeeded: tasks.every(success) };
}

describe('a run of any dag', () => {
  it('ends as plain recursion says, however often it was paused', () => {
    fc.assert(
      fc.property(cases('end', 'end', 'drain', 'interrupt', 'resume'), (run) => {
        const world = new World(run, { timeout: 1_000_000 }).run();
        const expected = oracle(run);
        expect(world.states).toEqual(expected.states);
        expect(world.scheduler.state).toBe(expected.succeeded ? 'succeeded' : 'failed');
      }),
    );
  });

  it('starts each task that runs once where nobody interferes', () => {
    fc.assert(
      fc.property(cases('end'), (run) => {
        const world = new World(run).run();
        const ran = world.states.flatMap((state, task) => (state === 'upstream_failed' ? [] : [task]));
        expect(world.starts.toSorted((a, b) => a - b)).toEqual(ran);
      }),
    );
  });

  it('that fails fast fails where it would fail, and starts nothing after the failure', () => {
    fc.assert(
      fc.property(cases('end', 'end', 'drain', 'interrupt', 'resume'), (run) => {
        const world = new World(run, { failFast: true }).run();
        expect(world.scheduler.state).toBe(oracle(run).succeeded ? 'succeeded' : 'failed');
        expect(world.states.every(isTaskEnd)).toBe(true);
      }),
    );
  });

  it('comes to its end, and each task to one, whatever operators and the timeout do', () => {
    fc.assert(
      fc.property(
        cases('end', 'end', 'end', 'drain', 'interrupt', 'resume', 'cancel', 'timeout'),
        fc.boolean(),
        (run, failFast) => {
          const { scheduler, states } = new World(run, { failFast, timeout: 5 }).run();
          expect(isRunEnd(scheduler.state)).toBe(true);
          expect(states.every(isTaskEnd)).toBe(true);
          expect(Object.values(scheduler.counts).reduce((a, b) => a + b)).toBe(run.size);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on the same where it is carried through JSON between any two events', () => {
    fc.assert(
      fc.property(
        cases('end', 'end', 'end', 'drain', 'interrupt', 'resume', 'cancel', 'timeout'),
        fc.boolean(),
        (run, failFast) => {
          const whole = new World(run, { failFast, timeout: 5 }).run();
          const carried = new World(run, { failFast, timeout: 5 }, true).run();
          expect(carried.stream).toEqual(whole.stream);
          expect(carried.states).toEqual(whole.states);
          for (let task = 0; task < run.size; task++) {
            expect(carried.scheduler.startedAt(task)).toBe(whole.scheduler.startedAt(task));
            expect(carried.scheduler.endedAt(task)).toBe(whole.scheduler.endedAt(task));
          }
          expect(carried.scheduler.runEndedAt).toBe(whole.scheduler.runEndedAt);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('goes on in the same order by every policy where it is carried through JSON between any two events', () => {
    const policies = [...POLICY_NAMES, 'priority,fair', 'round-robin,sjf', 'edf,round-robin'];
    fc.assert(
      fc.property(
        cases('end', 'end', 'end', 'drain', 'interrupt', 'resume'),
        fc.constantFrom(...policies),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        (any, policy, aging) => {
          const run = { ...any, concurrency: 1 + (any.concurrency % 2) };
          const options: Omit<SchedulerOptions, 'createPolicy'> = {
            concurrency: run.concurrency,
            policy,
            policySettings: { ...(aging === undefined ? {} : { aging }), groups: { g1: 3 } },
            traits: (task) => ({
              continueOnError: run.continues[task]!,
              priority: task % 3,
              ...(task % 2 === 0 ? { estimate: (task * 7) % 5 } : { deadline: (task * 5) % 7 }),
              group: `g${(task * 11) % 4}`,
            }),
          };
          const whole = new World(run, options).run();
          const carried = new World(run, options, true).run();
          expect(carried.starts).toEqual(whole.starts);
          expect(carried.stream).toEqual(whole.stream);
        },
      ),
      { numRuns: 500 },
    );
  });
});
