import type { CreatePolicy } from '../dag/policy.js';
import type { Instruction } from '../dag/instruction.js';
import { DEFAULT_CONCURRENCY, type Dag } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { CreatePlacement, PlacementFacts, PlacementName } from '../dag/placement.js';
import type { RunEndState } from '../dag/run-state.js';
import { Scheduler } from '../dag/scheduler.js';
import { CODE, HOLD } from '../dag/task-table.js';
import { itemHoldOf } from '../dag/task-traits.js';
import type { WorkerGroup } from '../dag/worker-group.js';
import { leaseFactsOf, RUN } from '../pool/lease-facts.js';
import { DEFAULT_RUN_PRIORITY, type Waiter } from '../pool/pool-policy.js';
import type { RunLeases } from '../pool/run-leases.js';
import type { Agenda } from './agenda.js';
import type { Contender } from './between-runs.js';
import type { Course } from './draws.js';
import type { Plan } from './plan.js';
import { PlannedTasks, plannedWork } from './planned-tasks.js';
import type { ScheduledRun, ScheduledTask } from './schedule.js';
import { SharedPlacement } from './shared-placement.js';
import type { SharedPools } from './shared-pools.js';
import type { Slots } from './slots.js';
import { ReadyPlaces } from './ready-places.js';

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
  /** Undefined where all slots are of one group. */
  readonly groups: SimulatedGroups | undefined;
  /** Undefined where the runs share none: a run that is alone has all pools to itself. */
  readonly pools: SharedPools | undefined;
  /** Places in the line of all runs, and slots that were given, so far. */
  places: number;
  grants: number;
}

/** The worker groups in which tasks are placed. */
export interface SimulatedGroups {
  readonly live: readonly WorkerGroup[];
  readonly placement: PlacementName;
  readonly createPlacement: CreatePlacement;
}

interface Underway {
  readonly start: number;
  readonly startedAt: number;
  readonly readyAt: number;
  readonly slot: number | undefined;
  readonly group: string | undefined;
  /** Milliseconds until what it needs is moved to its group. */
  readonly transfer: number;
  /** What it has left to do. */
  readonly course: Course;
}

/** A host of the scheduler in which nothing is done: tasks end when their time is over. */
export class SimulatedRun implements Contender {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #scheduler: Scheduler;
  readonly #tasks: PlannedTasks;
  /** What it has, and wants, of pools that the runs share. */
  readonly #leases: RunLeases | undefined;
  /** So many tasks may be given slots now. */
  #grants = 0;
  readonly #readyAt: number[] = [];
  readonly #starts: number[] = [];
  readonly #underway = new Map<number, Underway>();
  readonly #done: ScheduledTask[] = [];
  /** What is left of tasks that were stopped for shorter ones, and the milliseconds of work that they did. */
  readonly #left = new Map<number, { readonly course: Course; readonly kept: number }>();
  readonly #line = new ReadyPlaces();
  /** The number of the last slot that it was given. */
  #served = 0;
  #placementFacts: PlacementFacts | undefined;
  /** The slots of tasks that were placed and have not started. */
  readonly #slotOf = new Map<number, number>();
  #end: { readonly state: RunEndState; readonly at: number } | undefined;
  remaining: number;

  /** @param position Among the files: what is drawn for its tasks depends on it. */
  constructor(plan: Plan, position: number, policy: string, world: World) {
    this.#plan = plan;
    this.#world = world;
    const concurrency = Math.min(plan.dag.concurrency ?? DEFAULT_CONCURRENCY, world.slots.speeds.length);
    const { createPolicy, seed, groups, pools } = world;
    const { placement: _, ...own } = plan.dag;
    const dag: Dag = { ...own, policy, concurrency, ...(groups === undefined ? {} : { placement: groups.placement }) };
    const hasRoom = (): boolean => this.#grants > 0 && this.#grants-- > 0;
    const host = { createPolicy, hasRoom, seed, leases: pools !== undefined };
    this.#scheduler = Scheduler.of(
      dag,
      groups === undefined ? host : { ...host, createPlacement: this.#createPlacement(groups.createPlacement) },
    );
    this.#tasks = new PlannedTasks(plan, this.#scheduler, { seed, position, failures: world.failures });
    this.remaining = plannedWork(plan);
    const sharer = { scheduler: this.#scheduler, dag, remainingWork: () => this.remaining };
    const facts = leaseFactsOf(sharer, (task) => this.#tasks.nameOf(task));
    this.#leases = pools?.join(String(position), facts, (task, at) => this.#granted(task, at));
    if (this.#scheduler.isHeldBack) this.#leases?.want(RUN);
  }

  asWaiter(): Waiter {
    const { place, priority } = this.#line;
    return {
      place,
      runPriority: DEFAULT_RUN_PRIORITY,
      priority,
      remaining: this.remaining,
      taken: this.#scheduler.running,
      weight: 1,
      served: this.#served,
    };
  }

  /** Whether it could use a slot. */
  get wantsSlot(): boolean {
    const { policy, ready, running, concurrency } = this.#scheduler;
    return this.#end === undefined && running < concurrency && (policy.size > 0 || ready.parked > 0);
  }

  /** Lets it start tasks on so many free slots. @returns whether it started one. */
  grant(slots: number, at: number): boolean {
    const { slots: all, groups } = this.#world;
    const before = all.free;
    this.#grants = slots;
    // Neither changes anything: they let the scheduler look for tasks to start.
    if (groups === undefined) {
      this.handle({ type: 'concurrency.set', at, concurrency: this.#scheduler.concurrency });
    } else this.handle({ type: 'groups.changed', at, groups: groups.live });
    this.#grants = 0;
    if (all.free === before) return false;
    this.#served = ++this.#world.grants;
    return true;
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
    // One that was stopped for a shorter one has not ended.
    if (event.type === 'task.ended') this.#keep(event.task, event.at);
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

  #perform(instruction: Instruction, at: number): void {
    const { agenda } = this.#world;
    switch (instruction.type) {
      case 'task.start':
        this.#start(instruction.task, instruction.group, at);
        break;
      case 'task.cancel': {
        const { task } = instruction;
        const event = { type: 'task.ended', at, task, outcome: 'cancelled', kept: this.#interrupt(task, at) } as const;
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
        this.#tasks.undo(instruction.tasks);
        const count = instruction.tasks.length;
        agenda.add(at, { run: this, event: { type: 'compensations.added', at, count, order: instruction.order } });
        break;
      }
      case 'run.end':
        this.#end = { state: instruction.status, at };
        this.#leases?.releaseAll();
        break;
      case 'lease.want':
        this.#leases?.want(instruction.task);
        break;
      case 'lease.release':
        this.#leases?.release(instruction.task);
        break;
      case 'timer.drop':
      case 'subrun.pause':
      case 'subrun.resume':
        break;
    }
  }

  #granted(task: number, at: number): void {
    this.handle(task === RUN ? { type: 'run.admitted', at } : { type: 'lease.granted', at, task });
  }

  #start(task: number, group: string | undefined, at: number): void {
    const { tasks } = this.#scheduler;
    const start = (this.#starts[task] ?? 0) + 1;
    this.#starts[task] = start;
    const items = task < this.#plan.dag.tasks.length ? this.#plan.items.get(task) : undefined;
    const slot = tasks.hold[task] === HOLD.nothing ? undefined : this.#takeSlot(task);
    const transfer = group === undefined ? 0 : (this.#placementFacts?.transferTo(task, group) ?? 0);
    const course = items === undefined ? (this.#left.get(task)?.course ?? this.#tasks.courseOf(task, start)) : NO_WORK;
    const readyAt = this.#readyAt[task] ?? at;
    this.#underway.set(task, { start, startedAt: at, readyAt, slot, group, transfer, course });
    if (items !== undefined) {
      this.#fanOut(task, items.length, at, start);
      return;
    }
    const endsAt = at + transfer + Math.ceil(round(course.work / this.#speedOf(slot))) + course.waits;
    const outcome = course.fails ? 'failed' : 'succeeded';
    this.#world.agenda.add(endsAt, { run: this, event: { type: 'task.ended', at: endsAt, task, outcome }, start });
  }

  /** Where tasks are placed, what no group runs takes none of their slots. */
  #takeSlot(task: number): number | undefined {
    const { slots, groups } = this.#world;
    if (groups === undefined) return slots.take();
    const slot = this.#slotOf.get(task);
    this.#slotOf.delete(task);
    return slot;
  }

  #speedOf(slot: number | undefined): number {
    return slot === undefined ? 1 : this.#world.slots.speeds[slot]!;
  }

  #createPlacement(create: CreatePlacement): CreatePlacement {
    return (name, facts) => {
      this.#placementFacts = facts;
      return new SharedPlacement(create(name, facts), {
        slots: this.#world.slots,
        mayPlace: () => this.#grants,
        placed: (task, slot) => {
          this.#grants--;
          this.#slotOf.set(task, slot);
        },
      });
    };
  }

  /** The task is told to stop. @returns the milliseconds of its work that are left done, should it start again. */
  #interrupt(task: number, at: number): number {
    const { startedAt, transfer, slot, course } = this.#underway.get(task)!;
    const before = this.#left.get(task)?.kept ?? 0;
    const isKept = this.#scheduler.ready.facts.isPreemptible(task);
    if (!isKept) return 0;
    const speed = this.#speedOf(slot);
    const elapsed = Math.max(0, at - startedAt - transfer);
    const done = Math.min(course.work, round(elapsed * speed));
    const waited = Math.max(0, elapsed - Math.ceil(round(done / speed)));
    const left = { ...course, work: round(course.work - done), waits: Math.max(0, course.waits - waited) };
    this.#left.set(task, { course: left, kept: before + done });
    return before + done;
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

  /** The task's slot is free before the scheduler hears of it: the policy may give it away at once. */
  #stopped(task: number): void {
    const slot = this.#underway.get(task)?.slot;
    if (slot !== undefined) this.#world.slots.giveBack(slot);
  }

  /** Keeps what moved. */
  #follow(at: number): void {
    const { tasks } = this.#scheduler;
    const { moves } = tasks;
    for (let i = 0; i + 2 < moves.length; i += 3) {
      const task = moves[i]!;
      if (tasks.hold[task] !== HOLD.nothing) {
        if (moves[i + 1] === CODE.ready) this.#line.remove(tasks.priority[task]!);
        if (moves[i + 2] === CODE.ready) this.#line.add(this.#world.places++, tasks.priority[task]!);
      }
      if (moves[i + 2] === CODE.ready) this.#readyAt[task] = at;
      if (tasks.hasEnded(task)) this.#keep(task, at);
    }
  }

  #keep(task: number, at: number): void {
    const underway = this.#underway.get(task);
    if (underway === undefined) return;
    this.#underway.delete(task);
    const { course, slot, group, transfer, startedAt, readyAt } = underway;
    const isPreempted = !this.#scheduler.tasks.hasEnded(task);
    const left = isPreempted ? this.#left.get(task)?.course : undefined;
    const isCut = isPreempted ? left === undefined : this.#scheduler.tasks.is(task, 'cancelled');
    const of = this.#tasks.ownerOf(task);
    const item = this.#tasks.itemOf(task);
    if (!isPreempted && slot !== undefined) this.remaining -= Math.min(this.remaining, this.#tasks.estimateOf(task));
    this.#done.push({
      task,
      name: this.#tasks.nameOf(task),
      ...(of === undefined ? {} : { of }),
      ...(item === undefined ? {} : { item }),
      ...(group === undefined ? {} : { group }),
      readyAt,
      startedAt,
      endedAt: at,
      slot,
      attempts: course.attempts,
      state: this.#scheduler.stateOf(task),
      ...(isPreempted ? { preempted: true } : {}),
      work: isCut ? 0 : round(course.work - (left?.work ?? 0)),
      waits: isCut ? at - startedAt : course.waits - (left?.waits ?? 0),
      transfer: isCut ? 0 : Math.min(transfer, at - startedAt),
    });
  }

  #isSet(timer: string, at: number): boolean {
    return this.#scheduler.timers().some((one) => one.timer === timer && one.at === at);
  }
}

const NO_WORK: Course = { work: 0, waits: 0, attempts: 1, fails: false };

/** Without the error of adding fractions. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6;
}
