import { expect } from 'vitest';
import type { ActAnswer, ActRecord, ActType } from '../../src/run/act.js';
import type { Dag, Task } from '../../src/dag/dag.js';
import { DagwrightError, ERROR_CODES } from '../../src/dag/errors.js';
import type { SchedulerEvent, TimerName } from '../../src/dag/event.js';
import type { Instruction } from '../../src/dag/instruction.js';
import type { Json } from '../../src/dag/json.js';
import { LiveRun, type TakeOver } from '../../src/run/live-run.js';
import { readAct } from '../../src/run/read-act.js';
import type { RunEvent } from '../../src/run/run-event.js';
import { isTaskEnd, type TaskState } from '../../src/dag/task-state.js';
import { createPolicy } from '../../src/policy/policies.js';

/** What the world does next: an act, or something that happens by itself. The numbers choose of what there is. */
export interface Step {
  readonly what: ActType | 'end' | 'fire' | 'nonsense' | 'sameId';
  readonly pick: number;
  readonly other: number;
}

export interface Case {
  readonly dag: Dag;
  /** Whether the task of this number fails at its start of that number. */
  readonly fails: readonly boolean[];
  readonly takesOver: number;
  readonly steps: readonly Step[];
}

const UNKNOWN = 'nobody';
const POLICIES = ['fcfs', 'priority', 'lifo'];

/** What no run takes, whatever its state. */
const NONSENSE: readonly (readonly [type: string, fields: unknown])[] = [
  ['pause', { mode: 'hard' }],
  ['pause', { until: 'tomorrow' }],
  ['resume', { task: 't0' }],
  ['skipTask', {}],
  ['skipTask', { task: 7 }],
  ['retryTask', { task: 't0', dependents: 'yes' }],
  ['setPriority', { task: 't0', priority: NaN }],
  ['setConcurrency', { concurrency: 0 }],
  ['addTasks', { tasks: [] }],
  ['addTasks', { tasks: [{ name: '__proto__', uses: 'shell', with: {}, needs: [] }] }],
  ['decide', { task: 't0' }],
  ['constructor', {}],
];

/** A task as a dag has it. */
export function task(name: string, needs: readonly string[], more: Partial<Task> = {}): Task {
  return { name, uses: 'shell', with: { run: 'true' }, needs: needs.map((needed) => ({ task: needed })), ...more };
}

function throughJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** A host whose tasks end when the case says so. It checks all that the run says by what it saw itself. */
export class World {
  live: LiveRun;
  /** All that the run said, to be compared with another world's. */
  readonly said: unknown[] = [];
  readonly #case: Case;
  readonly #restores: boolean;
  readonly #takeOver: TakeOver | undefined;
  readonly #running = new Set<number>();
  readonly #told = new Set<number>();
  readonly #timers = new Map<TimerName, number>();
  /** How each task ended last, by its own end or by an operator's word. */
  readonly #ends = new Map<number, 'succeeded' | 'failed' | 'cancelled' | 'completed'>();
  /** The output that each task should have. */
  readonly #outputs = new Map<number, Json>();
  /** What operators said last of each running task. */
  readonly #words = new Map<number, { readonly type: ActType; readonly output?: Json }>();
  readonly #paused = new Set<number>();
  /** Tasks whose dependencies an operator set back without them. */
  readonly #excused = new Set<number>();
  readonly #starts = new Map<number, number>();
  readonly #acts: Partial<ActRecord>[] = [];
  readonly #ids = new Set<string>();
  #added = 0;
  #at = 10;

  constructor(run: Case, restores: boolean) {
    this.#case = run;
    this.#restores = restores;
    this.#takeOver = takeOverOf(run);
    this.live = new LiveRun(run.dag, { runId: 'r', createPolicy, takeOver: this.#takeOver });
  }

  /** Takes all steps, then resumes everything and lets every task end. */
  run(): this {
    for (const [index, output] of this.#takeOver?.tasks ?? []) {
      this.#ends.set(index, 'completed');
      this.#outputs.set(index, output ?? null);
    }
    this.#tell(this.live.begin(this.#at));
    for (const step of this.#case.steps) {
      if (this.live.hasEnded) break;
      this.#do(step);
    }
    if (!this.live.hasEnded) this.#act('resume', {});
    for (const index of this.live.pausedTasks()) {
      if (!this.live.hasEnded) this.#act('resumeTask', { task: this.live.dag.tasks[index]!.name });
    }
    for (let left = 8 * this.live.dag.tasks.length; left > 0 && !this.live.hasEnded; left--) this.#end(0, 0);
    this.#checkEnd();
    return this;
  }

  get states(): TaskState[] {
    return this.live.dag.tasks.map((_, index) => this.live.scheduler.stateOf(index));
  }

  #do({ what, pick, other }: Step): void {
    this.#at += pick % 3;
    const { tasks } = this.live.dag;
    const name = (number: number): string => tasks[number % (tasks.length + (number > 95 ? 1 : 0))]?.name ?? UNKNOWN;
    const mode = [undefined, 'drain', 'interrupt'][other % 3];
    switch (what) {
      case 'end':
        return this.#end(pick, other);
      case 'fire':
        return this.#fire(pick);
      case 'nonsense':
        return this.#refuse(...NONSENSE[pick % NONSENSE.length]!);
      case 'sameId':
        return this.#act(other % 2 === 0 ? 'skipTask' : 'retryTask', { task: name(pick), id: `id${other % 3}` });
      case 'pause': {
        const until = pick % 4 === 0 ? { until: new Date(this.#at - 2 + other).toISOString() } : {};
        return this.#act('pause', { mode, ...until, by: 'ann' });
      }
      case 'resume':
      case 'cancel':
        return this.#act(what, {});
      case 'pauseTask':
        return this.#act(what, { task: name(pick), mode });
      case 'resumeTask':
      case 'cancelTask':
      case 'skipTask':
        return this.#act(what, { task: name(pick) });
      case 'completeTask':
        return this.#act(what, {
          task: name(pick),
          ...(other % 3 === 0 ? {} : { output: other % 3 === 1 ? null : other }),
        });
      case 'retryTask':
        return this.#act(what, {
          task: pick % 2 === 0 ? this.#unhappy(other) : name(pick),
          ...(other % 3 === 0 ? { dependents: false } : {}),
        });
      case 'setPriority':
        return this.#act(what, { task: name(pick), priority: other % 4 });
      case 'setConcurrency':
        return this.#act(what, { concurrency: 1 + (other % 5) });
      case 'setPool':
        return this.#act(what, { pool: 'none', slots: 1 + (other % 3) });
      case 'setPolicy':
        return this.#act(what, { policy: POLICIES[other % POLICIES.length]! });
      case 'approve':
      case 'reject':
        return this.#act(what, { task: name(pick) });
      case 'sendEvent':
        return this.#act(what, { event: 'news' });
      case 'addTasks': {
        if (tasks.length > 24) return;
        const first = `n${this.#added++}`;
        const second = `n${this.#added++}`;
        const more = { continueOnError: other % 4 === 0, priority: pick % 3 };
        const added = [task(first, other % 3 === 0 ? [] : [name(pick)], more), task(second, [], more)];
        const needs = {
          ...(pick % 2 === 0 ? { [second]: [first, name(other)] } : {}),
          ...(other % 2 === 0 ? { [name(other + pick)]: [first] } : {}),
        };
        return this.#act(what, { tasks: added, needs });
      }
    }
  }

  /** A task that ended, and did not succeed, where there is one. */
  #unhappy(number: number): string {
    const { tasks } = this.live.dag;
    const found = tasks.filter((_, index) => isTaskEnd(this.states[index]!) && this.states[index] !== 'succeeded');
    return (found[number % found.length] ?? tasks[number % tasks.length])!.name;
  }

  /** A running task ends: as it should by itself, or, where it was told to stop, mostly by that. */
  #end(pick: number, other: number): void {
    const index = [...this.#running][pick % Math.max(1, this.#running.size)];
    if (index === undefined) return;
    this.#at += 1;
    const isStopped = this.#told.delete(index) && other % 3 !== 1;
    const starts = this.#starts.get(index)!;
    const fails = this.#case.fails[(index * 3 + starts) % this.#case.fails.length]!;
    const outcome = isStopped ? 'cancelled' : fails ? 'failed' : 'succeeded';
    const output = outcome === 'succeeded' && starts % 3 !== 0 ? `output ${index} of start ${starts}` : undefined;
    const error = outcome === 'failed' ? { code: 'TASK_FAILED', message: `Start ${starts} failed.` } : undefined;
    this.#running.delete(index);
    this.#expectOutput(index, outcome, output);
    const event = this.live.ended(
      {
        task: index,
        outcome,
        attempts: 1 + (other % 2),
        worker: `w${other % 2}`,
        ...(output === undefined ? {} : { output }),
        ...(error === undefined ? {} : { error }),
      },
      this.#at,
    );
    this.#tell(event);
  }

  #expectOutput(index: number, outcome: 'succeeded' | 'failed' | 'cancelled', output: Json | undefined): void {
    const word = this.#words.get(index);
    this.#words.delete(index);
    const isCompleted = word?.type === 'completeTask';
    this.#ends.set(index, isCompleted ? 'completed' : outcome);
    const expected = isCompleted ? word.output : output;
    if (expected === undefined) this.#outputs.delete(index);
    else this.#outputs.set(index, expected);
  }

  #fire(pick: number): void {
    const timer = [...this.#timers][pick % Math.max(1, this.#timers.size)];
    if (timer === undefined) return;
    const [name, at] = timer;
    this.#at = Math.max(this.#at, at);
    this.#timers.delete(name);
    this.#tell({ type: 'timer.fired', at: this.#at, timer: name });
  }

  #tell(event: SchedulerEvent): void {
    this.#carry();
    const running = this.#running.size + (event.type === 'task.ended' ? 1 : 0);
    this.#follow(this.live.handle(event), running);
  }

  #refuse(type: string, fields: unknown): void {
    const before = throughJson(this.live.snapshot());
    expect(() => readAct(type as ActType, fields)).toThrow(DagwrightError);
    expect(throughJson(this.live.snapshot())).toEqual(before);
  }

  #act(type: ActType, fields: object): void {
    this.#carry();
    const { act, request } = readAct(type, throughJson(fields));
    const before = throughJson(this.live.snapshot());
    const states = new Map(this.live.dag.tasks.map(({ name }, index) => [name, this.live.scheduler.stateOf(index)]));
    try {
      this.live.check(act, request, this.#at);
      expect(throughJson(this.live.snapshot())).toEqual(before);
    } catch (error) {
      this.#expectRefusal(error);
      expect(() => this.live.act(act, request, this.#at)).toThrow((error as Error).message);
      expect(throughJson(this.live.snapshot())).toEqual(before);
      this.said.push((error as Error).message);
      return;
    }
    const wasDone = request.id !== undefined && this.#ids.has(request.id);
    const { answer, instructions } = this.live.act(act, request, this.#at);
    this.said.push(answer);
    if (wasDone) {
      expect(answer.changed).toBe(false);
      expect(instructions).toEqual([]);
      expect(throughJson(this.live.snapshot())).toEqual(before);
      return;
    }
    if (request.id !== undefined) this.#ids.add(request.id);
    const about = 'task' in act ? { task: act.task } : {};
    this.#acts.push({ act: type, ...about, ...request, changed: answer.changed, message: answer.message });
    if (!answer.changed) {
      expect(instructions).toEqual([]);
      expect(throughJson(this.live.snapshot()?.scheduler)).toEqual(before?.scheduler);
    } else this.#believe(act as { type: ActType; task?: string; output?: Json; dependents?: boolean });
    this.#follow(instructions, this.#running.size);
    this.#checkAnswer(answer, states);
    if (!wasDone) this.#actAgain(type, fields);
  }

  /** What the world knows of tasks by an act that changed something. */
  #believe(act: { type: ActType; task?: string; output?: Json; dependents?: boolean }): void {
    const index = this.live.indexOf(act.task ?? '') ?? -1;
    if (act.type === 'pauseTask') this.#paused.add(index);
    if (act.type === 'resumeTask') this.#paused.delete(index);
    if (act.type === 'retryTask' && act.dependents === false) {
      this.live.dag.tasks.forEach(({ needs }, dependent) => {
        if (needs.some((need) => need.task === act.task)) this.#excused.add(dependent);
      });
    }
    if (act.type !== 'completeTask' && act.type !== 'skipTask' && act.type !== 'cancelTask') return;
    if (this.#running.has(index)) this.#words.set(index, act);
    else if (act.type === 'completeTask') {
      this.#words.set(index, act);
      this.#expectOutput(index, 'succeeded', undefined);
    }
  }

  /** The same act a second time changes nothing. */
  #actAgain(type: ActType, fields: object): void {
    const { act, request } = readAct(type, throughJson(fields));
    const before = throughJson(this.live.snapshot()?.scheduler);
    try {
      const { answer, instructions } = this.live.act(act, request, this.#at);
      expect([type, answer.message, answer.changed]).toEqual([type, answer.message, false]);
      expect(instructions).toEqual([]);
      const about = 'task' in act ? { task: act.task } : {};
      if (request.id === undefined) {
        this.#acts.push({ act: type, ...about, ...request, changed: false, message: answer.message });
      }
    } catch (error) {
      // Only where the first one ended the run, or the tasks cannot be skipped and the like any more.
      this.#expectRefusal(error);
      expect([
        type,
        (error as Error).message,
        this.live.hasEnded || type === 'cancel' || this.live.scheduler.state === 'cancelling',
      ]).toEqual([type, (error as Error).message, true]);
    }
    expect(throughJson(this.live.snapshot()?.scheduler)).toEqual(before);
  }

  #expectRefusal(error: unknown): void {
    if (!(error instanceof DagwrightError)) throw error;
    expect(Object.keys(ERROR_CODES)).toContain(error.code);
    expect(error.message).not.toBe('');
  }

  #checkAnswer(answer: ActAnswer, before: ReadonlyMap<string, TaskState>): void {
    const changes = this.live.dag.tasks.flatMap(({ name }, index) => {
      const from = before.get(name) ?? 'pending';
      const to = this.live.scheduler.stateOf(index);
      return from === to ? [] : [{ name, from, to }];
    });
    const sorted = answer.tasks.toSorted((a, b) => (this.live.indexOf(a.name) ?? 0) - (this.live.indexOf(b.name) ?? 0));
    expect(sorted).toEqual(changes);
    expect(answer.tasksChanged).toBe(changes.length);
    expect(answer.state).toBe(this.live.scheduler.state);
  }

  /** Carries instructions out, and looks at the run after it. */
  #follow(instructions: Instruction[], runningBefore: number): void {
    this.live.scheduler.validate();
    this.said.push(instructions);
    for (const instruction of instructions) this.#carryOut(instruction);
    const { scheduler } = this.live;
    expect(this.#running.size).toBe(scheduler.running);
    const started = instructions.some(({ type }) => type === 'task.start');
    expect(this.#running.size).toBeLessThanOrEqual(
      started ? scheduler.concurrency : Math.max(scheduler.concurrency, runningBefore),
    );
    expect(instructions.findIndex(({ type }) => type === 'run.end')).toBe(
      this.live.hasEnded ? instructions.length - 1 : -1,
    );
    expect(new Map(scheduler.timers().map(({ timer, at }) => [timer, at]))).toEqual(this.#timers);
    expect(foldOf(this.live)).toEqual(this.states.map(unfinished));
    expect(this.live.acts).toMatchObject(this.#acts);
    const described = this.live.describe();
    expect(described.tasks.map(({ state }) => state)).toEqual(this.states);
    for (const { name, state } of described.tasks) {
      const explanation = this.live.explain(name);
      expect(explanation.state).toBe(state);
      expect(explanation.reasons.length).toBeGreaterThan(0);
    }
  }

  #carryOut(instruction: Instruction): void {
    switch (instruction.type) {
      case 'task.start':
        this.#checkStart(instruction.task);
        this.#running.add(instruction.task);
        this.#starts.set(instruction.task, (this.#starts.get(instruction.task) ?? 0) + 1);
        this.#ends.delete(instruction.task);
        this.#words.delete(instruction.task);
        this.live.record.began(instruction.task);
        this.said.push(this.live.record.needsOf(instruction.task));
        break;
      case 'task.cancel':
        expect(this.#running.has(instruction.task)).toBe(true);
        expect(this.#told.has(instruction.task)).toBe(false);
        this.#told.add(instruction.task);
        break;
      case 'timer.set':
        expect(this.#timers.has(instruction.timer)).toBe(false);
        this.#timers.set(instruction.timer, instruction.at);
        break;
      case 'timer.drop':
        expect(this.#timers.delete(instruction.timer)).toBe(true);
        break;
      case 'run.end':
        expect(this.#running.size).toBe(0);
        expect(this.#timers.size).toBe(0);
        break;
      default:
        throw new Error(`A run of plain tasks asks for ${instruction.type}.`);
    }
  }

  #checkStart(index: number): void {
    const { scheduler, dag, record } = this.live;
    expect(this.#running.has(index)).toBe(false);
    expect(scheduler.state).toBe('running');
    expect(scheduler.pauseMode).toBeUndefined();
    expect(this.#paused.has(index)).toBe(false);
    if (this.#excused.has(index)) return;
    for (const { task: name } of dag.tasks[index]!.needs) {
      const needed = this.live.indexOf(name)!;
      const end = this.#ends.get(needed);
      const counts = end === 'succeeded' || end === 'completed' || dag.tasks[needed]!.continueOnError === true;
      expect([name, end, counts]).toEqual([name, end, true]);
      expect(scheduler.countsAsSuccess(needed)).toBe(true);
      if (scheduler.stateOf(needed) === 'succeeded' && this.#outputs.has(needed)) {
        expect(record.needsOf(index)[name]).toEqual(this.#outputs.get(needed));
      }
    }
  }

  #carry(): void {
    if (!this.#restores) return;
    const snapshot = throughJson(this.live.snapshot());
    const options = { runId: 'r', createPolicy, takeOver: this.#takeOver };
    this.live = new LiveRun(throughJson(this.live.dag), options, snapshot);
    this.live.scheduler.validate();
    expect(throughJson(this.live.snapshot())).toEqual(snapshot);
  }

  #checkEnd(): void {
    expect(this.live.hasEnded).toBe(true);
    expect(this.states.every(isTaskEnd)).toBe(true);
    const result = this.live.result();
    this.live.dag.tasks.forEach(({ name }, index) => {
      const { status, output, error, takenOver } = result.tasks[name]!;
      if (takenOver !== true)
        expect([name, output]).toEqual([name, status === 'succeeded' ? this.#outputs.get(index) : undefined]);
      expect([name, error === undefined || status === 'failed']).toEqual([name, true]);
    });
    this.said.push(result, this.live.history(), this.live.describe());
  }
}

/** Some of the first tasks, whatever they need. */
function takeOverOf({ dag, takesOver }: Case): TakeOver | undefined {
  if (takesOver < 6) return undefined;
  const tasks: [task: number, output: Json][] = dag.tasks
    .slice(0, takesOver - 5)
    .map((_, index) => [index, `old ${index}`]);
  return { runId: 'before', tasks };
}

/** The last state of each task by the history alone. Nothing is said of a task until it starts. */
function foldOf(live: LiveRun): string[] {
  const states = new Map<string, string>();
  for (const { event, task: name } of live.history() satisfies RunEvent[]) {
    if (name !== undefined && event.startsWith('task.')) states.set(name, event.slice('task.'.length));
  }
  return live.dag.tasks.map(({ name }) => unfinished(states.get(name) ?? 'pending'));
}

function unfinished(state: string): string {
  return state === 'ready' ? 'pending' : state;
}
