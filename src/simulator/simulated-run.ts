import type { CreatePolicy } from '../dag/policy.js';
import type { Instruction } from '../dag/instruction.js';
import { DEFAULT_CONCURRENCY } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { RunEndState } from '../dag/run-state.js';
import { Scheduler } from '../dag/scheduler.js';
import { CODE, HOLD } from '../dag/task-table.js';
import { itemHoldOf } from '../dag/task-traits.js';
import type { Agenda } from './agenda.js';
import type { Contender } from './between-runs.js';
import { courseOf, numbersOf, type Course } from './draws.js';
import type { Plan } from './plan.js';
import type { ScheduledRun, ScheduledTask } from './schedule.js';
import type { Slots } from './slots.js';

/** What is to happen to a run. */
export interface Happening {
  readonly run: SimulatedRun;
  readonly event: SchedulerEvent;
  /** Of a task: its how manieth start the event belongs to; one that was overtaken is dropped. */
  readonly start?: number;
}

/** What the runs of a simulation share. */
export interface World {
  readonly agenda: Agenda<Happening>;
  readonly slots: Slots;
  readonly seed: number;
  /** The probability that an attempt fails, 0 to 1. */
  readonly failures: number;
  readonly createPolicy: CreatePolicy;
}

interface Underway {
  readonly start: number;
  readonly startedAt: number;
  readonly readyAt: number;
  readonly slot: number | undefined;
  readonly course: Course;
}

/** A host of the scheduler in which nothing is done: tasks end when their time is over. */
export class SimulatedRun implements Contender {
  readonly #plan: Plan;
  readonly #position: number;
  readonly #world: World;
  readonly #scheduler: Scheduler;
  /** So many tasks may be given slots now. */
  #grants = 0;
  readonly #readyAt: number[] = [];
  readonly #starts: number[] = [];
  readonly #underway = new Map<number, Underway>();
  readonly #done: ScheduledTask[] = [];
  /** Of what undoes tasks, by index: the task. */
  readonly #undoes = new Map<number, number>();
  #end: { readonly state: RunEndState; readonly at: number } | undefined;
  remaining: number;

  /** @param position Among the files: what is drawn for its tasks depends on it. */
  constructor(plan: Plan, position: number, policy: string, world: World) {
    this.#plan = plan;
    this.#position = position;
    this.#world = world;
    const concurrency = Math.min(plan.dag.concurrency ?? DEFAULT_CONCURRENCY, world.slots.speeds.length);
    const dag = { ...plan.dag, policy, concurrency };
    const hasRoom = (): boolean => this.#grants > 0 && this.#grants-- > 0;
    this.#scheduler = Scheduler.of(dag, { createPolicy: world.createPolicy, hasRoom });
    this.remaining = plan.durations.reduce((sum, _, task) => sum + this.#workOf(task), 0);
  }

  /** Slots that it holds. */
  get running(): number {
    return this.#scheduler.running;
  }

  /** Whether it could use a slot. */
  get wantsSlot(): boolean {
    return this.#end === undefined && this.#scheduler.policy.size > 0 && this.running < this.#scheduler.concurrency;
  }

  /** Lets it start tasks on so many free slots. @returns whether it started one. */
  grant(slots: number, at: number): boolean {
    const before = this.#world.slots.free;
    this.#grants = slots;
    // Changes nothing, and lets the scheduler look for tasks to start.
    this.handle({ type: 'concurrency.set', at, concurrency: this.#scheduler.concurrency });
    this.#grants = 0;
    return this.#world.slots.free < before;
  }

  /** Tells the scheduler what happened, unless it was overtaken, and does what it says. */
  handle(event: SchedulerEvent, start?: number): void {
    if (this.#end !== undefined) return;
    if ('task' in event && event.task !== undefined && start !== undefined) {
      if (this.#underway.get(event.task)?.start !== start) return;
      if (event.type === 'task.ended') this.#stopped(event.task);
    }
    if (event.type === 'timer.fired' && event.timer !== 'task' && !this.#isSet(event.timer, event.at)) return;
    const instructions = this.#scheduler.handle(event);
    this.#follow(event.at);
    for (const instruction of instructions) this.#perform(instruction, event.at);
  }

  /** @throws Error where the scheduler broke one of its own rules: for tests. */
  validate(): void {
    this.#scheduler.validate();
  }

  result(): ScheduledRun {
    if (this.#end === undefined) throw new Error(`The run of ${this.#plan.name} came to no end.`);
    return {
      plan: this.#plan,
      state: this.#end.state,
      endedAt: this.#end.at,
      tasks: this.#done.toSorted((a, b) => a.startedAt - b.startedAt || a.task - b.task),
      most: this.#scheduler.concurrency,
    };
  }

  /** Milliseconds of slots that a task of the dag is thought to take, its items included. */
  #workOf(task: number): number {
    const declared = this.#plan.dag.tasks[task]!;
    if (itemHoldOf(declared) === 'nothing') return 0;
    const items = this.#plan.items.get(task);
    const estimate = declared.estimate ?? this.#plan.durations[task]!;
    return items === undefined ? estimate : items.length * estimate;
  }

  #perform(instruction: Instruction, at: number): void {
    const { agenda } = this.#world;
    switch (instruction.type) {
      case 'task.start':
        this.#start(instruction.task, at);
        break;
      case 'task.cancel': {
        const { task } = instruction;
        const event = { type: 'task.ended', at, task, outcome: 'cancelled' } as const;
        agenda.add(at, { run: this, event, start: this.#starts[task]! });
        break;
      }
      case 'timer.set':
        // A task's own timer: its end is on the agenda already.
        if (instruction.timer === 'task') break;
        agenda.add(instruction.at, {
          run: this,
          event: { type: 'timer.fired', at: instruction.at, timer: instruction.timer },
        });
        break;
      case 'compensate': {
        const first = this.#scheduler.graph.size;
        instruction.tasks.forEach((task, position) => this.#undoes.set(first + position, task));
        const count = instruction.tasks.length;
        agenda.add(at, { run: this, event: { type: 'compensations.added', at, count, order: instruction.order } });
        break;
      }
      case 'run.end':
        this.#end = { state: instruction.status, at };
        break;
      case 'timer.drop':
      case 'subrun.pause':
      case 'subrun.resume':
        break;
    }
  }

  #start(task: number, at: number): void {
    const { tasks } = this.#scheduler;
    const start = (this.#starts[task] ?? 0) + 1;
    this.#starts[task] = start;
    const takesSlot = tasks.hold[task] !== HOLD.nothing;
    const items = task < this.#plan.dag.tasks.length ? this.#plan.items.get(task) : undefined;
    const course = items === undefined ? this.#courseOf(task, start) : NO_WORK;
    const slot = takesSlot ? this.#world.slots.take() : undefined;
    this.#underway.set(task, { start, startedAt: at, readyAt: this.#readyAt[task] ?? at, slot, course });
    if (items !== undefined) {
      this.#fanOut(task, items.length, at, start);
      return;
    }
    const speed = slot === undefined ? 1 : this.#world.slots.speeds[slot]!;
    const endsAt = at + Math.ceil(course.work / speed) + course.waits;
    const outcome = course.fails ? 'failed' : 'succeeded';
    this.#world.agenda.add(endsAt, { run: this, event: { type: 'task.ended', at: endsAt, task, outcome }, start });
  }

  #fanOut(task: number, items: number, at: number, start: number): void {
    const declared = this.#plan.dag.tasks[task]!;
    const { maxParallel, tolerate } = declared;
    const most = tolerate === undefined ? undefined : 'count' in tolerate ? tolerate.count : tolerate.share * items;
    const event = {
      type: 'task.fanned-out',
      at,
      task,
      items,
      hold: itemHoldOf(declared),
      ...(maxParallel === undefined ? {} : { maxParallel }),
      ...(most === undefined ? {} : { tolerate: Math.floor(most) }),
    } as const;
    this.#world.agenda.add(at, { run: this, event, start });
  }

  #courseOf(task: number, start: number): Course {
    const { dag, durations, items } = this.#plan;
    const { parent } = this.#scheduler.tasks;
    const own = this.#undoes.get(task) ?? (parent[task] === -1 ? task : parent[task]!);
    const source = own < durations.length ? own : parent[own]!;
    const item = this.#itemOf(task);
    const duration = item === undefined ? durations[source]! : (items.get(source)?.[item] ?? durations[source]!);
    const draw = numbersOf(this.#world.seed, this.#position, task, start);
    const takesSlot = this.#scheduler.tasks.hold[task] !== HOLD.nothing;
    const failures = takesSlot ? this.#world.failures : 0;
    return courseOf(dag, dag.tasks[source]!, duration, failures, draw);
  }

  #itemOf(task: number): number | undefined {
    const parent = this.#scheduler.tasks.parent[task]!;
    if (parent === -1) return undefined;
    const { tasks } = this.#scheduler.itemsOf(parent)!;
    return task - tasks[0]!;
  }

  /** The task's slot is free before the scheduler hears of it: the policy may give it away at once. */
  #stopped(task: number): void {
    const slot = this.#underway.get(task)?.slot;
    if (slot !== undefined) this.#world.slots.giveBack(slot);
  }

  /** Keeps what moved. */
  #follow(at: number): void {
    const { moves } = this.#scheduler.tasks;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const task = moves[i]!;
      if (moves[i + 2] === CODE.ready) this.#readyAt[task] = at;
      if (this.#scheduler.tasks.hasEnded(task)) this.#keep(task, at);
    }
  }

  #keep(task: number, at: number): void {
    const underway = this.#underway.get(task);
    if (underway === undefined) return;
    this.#underway.delete(task);
    const { course, slot, startedAt, readyAt } = underway;
    const isCut = this.#scheduler.tasks.is(task, 'cancelled');
    const of = this.#undoes.get(task) ?? this.#scheduler.tasks.parent[task]!;
    const item = this.#itemOf(task);
    if (slot !== undefined) this.remaining -= Math.min(this.remaining, this.#estimateOf(task));
    this.#done.push({
      task,
      name: this.#nameOf(task),
      ...(of === -1 ? {} : { of }),
      ...(item === undefined ? {} : { item }),
      readyAt,
      startedAt,
      endedAt: at,
      slot,
      attempts: course.attempts,
      state: this.#scheduler.stateOf(task),
      work: isCut ? 0 : course.work,
      waits: isCut ? at - startedAt : course.waits,
    });
  }

  #estimateOf(task: number): number {
    if (this.#undoes.has(task)) return 0;
    const parent = this.#scheduler.tasks.parent[task]!;
    const source = parent === -1 ? task : parent;
    return this.#plan.dag.tasks[source]!.estimate ?? this.#plan.durations[source]!;
  }

  #nameOf(task: number): string {
    const undone = this.#undoes.get(task);
    if (undone !== undefined) return `${this.#nameOf(undone)}~undo`;
    const item = this.#itemOf(task);
    if (item !== undefined) return `${this.#nameOf(this.#scheduler.tasks.parent[task]!)}[${item}]`;
    return this.#plan.dag.tasks[task]!.name;
  }

  #isSet(timer: string, at: number): boolean {
    return this.#scheduler.timers().some((one) => one.timer === timer && one.at === at);
  }
}

const NO_WORK: Course = { work: 0, waits: 0, attempts: 1, fails: false };
