import type { ActAnswer, ActType } from '../../src/run/act.js';
import type { Dag, Task } from '../../src/dag/dag.js';
import type { SchedulerEvent } from '../../src/dag/event.js';
import type { Instruction } from '../../src/dag/instruction.js';
import type { Json } from '../../src/dag/json.js';
import { LiveRun, type TakeOver } from '../../src/run/live-run.js';
import { readAct } from '../../src/run/read-act.js';
import type { TaskError } from '../../src/dag/task-error.js';
import { createPolicy } from '../../src/policy/policies.js';
import { task } from './live-run-world.js';

/** Each task with what it needs: `{ a: [], b: ['a'] }`, or with more of its definition. */
export type Drawing = Readonly<
  Record<string, readonly string[] | (Partial<Omit<Task, 'needs'>> & { needs?: string[] })>
>;

/** What comes with an end. */
interface End {
  readonly output?: Json;
  readonly error?: TaskError;
  readonly worker?: string;
  readonly attempts?: number;
}

/** The dag of a drawing. */
export function dagOf(drawing: Drawing, more: Partial<Dag> = {}): Dag {
  const tasks = Object.entries(drawing).map(([name, given]) => {
    const { needs = [], ...rest } = Array.isArray(given) ? { needs: given } : (given as { needs?: string[] });
    return task(name, needs, rest);
  });
  return { name: 'test', params: {}, ...more, tasks };
}

/** A live run and its clock, checked after every event. Instructions read as `start a`. */
export class LiveRunDriver {
  live: LiveRun;
  at = 1_000;
  readonly #takeOver: TakeOver | undefined;

  constructor(dag: Dag, takeOver?: TakeOver) {
    this.#takeOver = takeOver;
    this.live = new LiveRun(dag, { runId: 'run-1', createPolicy, takeOver });
  }

  began(): string[] {
    return this.#handle(this.live.begin(this.at));
  }

  /** Does the act a millisecond later, and says what changed. */
  act(type: ActType, fields: object = {}): ActAnswer & { instructions: string[] } {
    const { act, request } = readAct(type, fields);
    const { answer, instructions } = this.live.act(act, request, ++this.at);
    return { ...answer, instructions: this.#carryOut(instructions) };
  }

  succeeded(name: string, end: End = {}): string[] {
    return this.#ended(name, 'succeeded', end);
  }
  failed(name: string, end: End = {}): string[] {
    return this.#ended(name, 'failed', end);
  }
  wasCancelled(name: string, end: End = {}): string[] {
    return this.#ended(name, 'cancelled', end);
  }
  fired(timer: 'run-timeout' | 'auto-resume', at: number): string[] {
    this.at = at;
    return this.#handle({ type: 'timer.fired', at, timer });
  }

  /** The timer of a task fires, at its time. */
  firedFor(name: string): string[] {
    const task = this.live.indexOf(name)!;
    this.at = this.live.scheduler.timers().find((timer) => timer.task === task)!.at;
    return this.#handle({ type: 'timer.fired', at: this.at, timer: 'task', task });
  }

  /** Goes on as the next execution of the workflow would. */
  carry(): void {
    const snapshot = JSON.parse(JSON.stringify(this.live.snapshot())) as ReturnType<LiveRun['snapshot']>;
    const options = { runId: 'run-1', createPolicy, takeOver: this.#takeOver };
    this.live = new LiveRun(this.live.definition, options, snapshot);
    this.live.scheduler.validate();
  }

  /** As `a=running b=pending`. */
  get states(): string {
    return this.live.dag.tasks.map(({ name }, index) => `${name}=${this.live.scheduler.stateOf(index)}`).join(' ');
  }

  #ended(name: string, outcome: 'succeeded' | 'failed' | 'cancelled', end: End): string[] {
    const index = this.live.indexOf(name)!;
    return this.#handle(this.live.ended({ task: index, outcome, attempts: 1, ...end }, ++this.at));
  }

  #handle(event: SchedulerEvent): string[] {
    return this.#carryOut(this.live.handle(event));
  }

  #carryOut(instructions: Instruction[]): string[] {
    this.live.scheduler.validate();
    const nameOf = (index: number): string => this.live.dag.tasks[index]!.name;
    const timerOf = ({ timer, task }: Extract<Instruction, { type: 'timer.set' | 'timer.drop' }>): string =>
      task === undefined ? timer : `${timer} ${nameOf(task)}`;
    return instructions.map((instruction) => {
      switch (instruction.type) {
        case 'task.start':
          this.live.record.began(instruction.task);
          return `start ${nameOf(instruction.task)}`;
        case 'lease.want':
          return `want ${nameOf(instruction.task)}`;
        case 'lease.release':
          return `release ${nameOf(instruction.task)}`;
        case 'task.cancel':
          return `cancel ${nameOf(instruction.task)}`;
        case 'timer.set':
          return `set ${timerOf(instruction)} ${instruction.at}`;
        case 'timer.drop':
          return `drop ${timerOf(instruction)}`;
        case 'subrun.pause':
          return `pause ${nameOf(instruction.task)} ${instruction.mode}`;
        case 'subrun.resume':
          return `resume ${nameOf(instruction.task)}`;
        case 'compensate':
          return `compensate ${instruction.tasks.map(nameOf).join(' ')}`;
        case 'run.end':
          return `end ${instruction.status}`;
      }
    });
  }
}
