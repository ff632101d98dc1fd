import type { FanOut, TaskOutcome } from './event.js';
import { FanOuts, isOver, type Items } from './fan-outs.js';
import { growGraph, neighbours, type AddedEdge, type Graph } from './graph.js';
import type { CreatePolicy, Policy } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import type { PoolSize } from './pools.js';
import { ReadyTasks } from './ready-tasks.js';
import type { Snapshot } from './snapshot.js';
import { CODE, HOLD, STOP, TaskTable } from './task-table.js';
import { STAGES, type TaskTraits } from './task-traits.js';
import { TRIGGER_RULES, type Verdict } from './trigger-rule.js';

/** What a task's own condition says when it could start: it ends at once where that is not `start`. */
export type Admit = (task: number) => 'start' | 'skipped' | 'failed';

/** What is known of a task only once it could start: how long it may take, by its input; where it belongs. */
export type FactsOf = (task: number) => Pick<TaskTraits, 'estimate' | 'affinity'>;

/** What a walk asks and obeys. */
export interface WalkOptions {
  /** Default `fcfs`. */
  readonly policy?: string;
  readonly policySettings?: PolicySettings;
  readonly pools?: Readonly<Record<string, PoolSize>>;
  readonly createPolicy: CreatePolicy;
  readonly admit?: Admit;
  /** Whether pools that runs share are asked for leases. Default false. */
  readonly leases?: boolean;
  readonly smallerPass?: () => boolean;
  /** What is known of a task only once it could start. Default: nothing. */
  readonly factsOf?: FactsOf;
}

/** The states that a task ends in. */
type End = 'succeeded' | 'failed' | 'skipped' | 'upstream_failed' | 'cancelled';

const NO_ITEMS: readonly Items[] = [];

/** Traits of tasks as bits. */
const CONTINUES = 1;
const CANCELS_REMAINING = 2;
const HAS_COMPENSATION = 4;

/**
 * The tasks of a run as they move along its graph: what becomes of a task by the ends of those it needs, and by an
 * operator's word. It starts nothing: that is for the scheduler, which knows the slots.
 */
export class Walk {
  graph: Graph;
  /** What is known of each task. For reading. */
  tasks: TaskTable;
  /** The position in STAGES of the stage that the run is in; tasks of later ones wait. */
  stage = 0;
  readonly fanOuts = new FanOuts();
  /** Tasks that have not ended, by stage. */
  readonly #open: number[] = STAGES.map(() => 0);
  #nextSequence = 0;
  #traits: Uint8Array;
  /** Fan-outs to look at: an item ended, or may be let go. */
  readonly #touched = new Set<Items>();
  /** Tasks that became ready, and whose other dependencies may not be needed any more. */
  #winners: number[] = [];

  readonly ready: ReadyTasks;
  readonly #admit: Admit | undefined;
  readonly #factsOf: FactsOf | undefined;

  constructor(graph: Graph, { policy = 'fcfs', createPolicy, policySettings, pools, ...options }: WalkOptions) {
    this.graph = graph;
    this.tasks = new TaskTable(graph.inDegree);
    this.#admit = options.admit;
    this.#factsOf = options.factsOf;
    this.ready = new ReadyTasks(this, policy, createPolicy, {
      ...policySettings,
      ...(pools === undefined ? {} : { pools }),
      leases: options.leases ?? false,
      smallerPass: options.smallerPass,
    });
    this.#open[0] = graph.size;
    this.#traits = new Uint8Array(graph.size);
  }

  /** Whether a policy goes by how long tasks have waited. */
  get ages(): boolean {
    return this.ready.facts.aging !== undefined;
  }

  get policy(): Policy {
    return this.ready.policy;
  }

  /** Tasks that have not ended: of all stages, or of one. */
  open(stage?: number): number {
    return stage === undefined ? this.#open.reduce((sum, count) => sum + count, 0) : this.#open[stage]!;
  }

  /** What a run is walked with, beside its graph. To be said before anything moves. */
  describe(task: number, traits: TaskTraits): void {
    const { triggerRule = 'all_success', priority = 0, hold = 'slot', stage = 'main' } = traits;
    const { tasks } = this;
    this.#traits[task] =
      (traits.continueOnError ? CONTINUES : 0) |
      (traits.cancelRemaining ? CANCELS_REMAINING : 0) |
      (traits.hasCompensation ? HAS_COMPENSATION : 0);
    tasks.priority[task] = priority;
    tasks.rule[task] = TRIGGER_RULES.indexOf(triggerRule);
    tasks.hold[task] = HOLD[hold];
    this.#open[tasks.stage[task]!]!--;
    tasks.stage[task] = STAGES.indexOf(stage);
    this.#open[tasks.stage[task]!]!++;
    this.ready.describe(task, traits);
  }

  #has(task: number, trait: number): boolean {
    return (this.#traits[task]! & trait) !== 0;
  }

  /** Goes on with a table that was filled from a snapshot: counts what the table leaves out. */
  resume({ order, policyMemory, parked }: Snapshot): void {
    const { tasks, graph } = this;
    this.#nextSequence = order.length;
    for (let task = 0; task < graph.size; task++) if (tasks.is(task, 'running')) this.ready.goesOn(task);
    this.ready.resume(order, policyMemory, new Map(parked));
    for (let task = 0; task < graph.size; task++) {
      if (!tasks.hasEnded(task)) continue;
      this.#open[tasks.stage[task]!]!--;
      for (const dependent of neighbours(graph.dependents, task)) this.#count(dependent, task);
    }
  }

  /** Whether the task has ended in a way that lets its dependents start. */
  countsAsSuccess(task: number): boolean {
    const state = this.tasks.state[task];
    return state === CODE.succeeded || (state === CODE.failed && this.#has(task, CONTINUES));
  }

  /** Whether the run may succeed with it as it has ended. The fan-out answers for its items. */
  isSatisfied(task: number): boolean {
    const { tasks } = this;
    const isExcused = tasks.unneeded[task] === 1 || tasks.parent[task] !== -1;
    return isExcused || tasks.state[task] === CODE.skipped || this.countsAsSuccess(task);
  }

  /** Whether something was done that can be undone. */
  isUndoable(task: number): boolean {
    const { tasks } = this;
    // Of a fan-out the items are undone, not the whole.
    const isWhole = tasks.hold[task] === HOLD.nothing;
    return tasks.is(task, 'succeeded') && this.#has(task, HAS_COMPENSATION) && !isWhole;
  }

  /** The run begins: every task that waits for nothing may start. */
  begin(at: number): void {
    for (let task = 0; task < this.graph.size; task++) this.#settle(task, at);
  }

  makeReady(task: number, at: number): void {
    const { sequence, readyAt } = this.tasks;
    this.tasks.move(task, 'ready');
    if (sequence[task] === -1) {
      sequence[task] = this.#nextSequence++;
      readyAt[task] = at;
    }
    if (this.#has(task, CANCELS_REMAINING)) this.#winners.push(task);
    this.ready.add(task);
  }

  /** The tasks that became ready since it was last asked, and that cancel what else they need. */
  takeWinners(): number[] {
    return this.#winners.length === 0 ? this.#winners : this.#winners.splice(0);
  }

  /** Ends a task, and all that its end decides. */
  end(task: number, state: End, at: number): void {
    this.#end(task, state, at);
    this.#tellDependents(task, at);
  }

  #end(task: number, state: End, at: number): void {
    const { tasks } = this;
    const wasPending = tasks.is(task, 'pending');
    if (tasks.is(task, 'running')) this.ready.stopped(task);
    else this.ready.dropped(task);
    tasks.move(task, state);
    tasks.endedAt[task] = at;
    tasks.dueAt[task] = NaN;
    this.#open[tasks.stage[task]!]!--;
    const group = tasks.parent[task] === -1 ? undefined : this.fanOuts.of(tasks.parent[task]!);
    if (group === undefined) return;
    this.fanOuts.ended(group, tasks, task, wasPending);
    this.#touched.add(group);
  }

  /** The one place where the ends of dependencies decide what becomes of a task. */
  #tellDependents(first: number, at: number): void {
    const { offsets, targets } = this.graph.dependents;
    const { tasks } = this;
    const ended = [first];
    for (let task = ended.pop(); task !== undefined; task = ended.pop()) {
      for (let edge = offsets[task]!; edge < offsets[task + 1]!; edge++) {
        const dependent = targets[edge]!;
        this.#count(dependent, task);
        if (!tasks.is(dependent, 'pending')) continue;
        const verdict = this.#decide(dependent);
        if (verdict === 'wait') continue;
        if (verdict === 'start') this.makeReady(dependent, at);
        else {
          this.#end(dependent, verdict, at);
          ended.push(dependent);
        }
      }
    }
  }

  /** What becomes of a pending task: what its rule says, and where that lets it start, its own condition. */
  #decide(task: number): Verdict | 'failed' {
    // Its stage has not come; an item is let go by its fan-out.
    if (this.tasks.stage[task]! > this.stage || this.tasks.parent[task] !== -1) return 'wait';
    const verdict = this.tasks.verdict(task);
    return verdict === 'start' ? this.#admitted(task) : verdict;
  }

  #admitted(task: number): 'start' | 'skipped' | 'failed' {
    const own = this.#admit?.(task) ?? 'start';
    if (own !== 'start') this.tasks.declined[task] = 1;
    else if (this.#factsOf !== undefined) this.ready.learn(task, this.#factsOf(task));
    return own;
  }

  /** The run comes to a later stage: its tasks may start. */
  enterStage(stage: number, at: number): void {
    this.stage = stage;
    for (let task = 0; task < this.graph.size; task++) {
      if (this.tasks.stage[task] === stage) this.#settle(task, at);
    }
  }

  /** A task that the other one needs has ended. */
  #count(dependent: number, needed: number): void {
    const { tasks } = this;
    const state = tasks.state[needed]!;
    tasks.done[dependent]!++;
    if (state === CODE.succeeded) tasks.succeeded[dependent]!++;
    else if (state === CODE.skipped) tasks.skipped[dependent]!++;
    else {
      tasks.failed[dependent]!++;
      if (state === CODE.upstream_failed) tasks.upstreamFailed[dependent]!++;
      else if (this.countsAsSuccess(needed)) tasks.succeeded[dependent]!++;
    }
  }

  /** A running task was stopped and starts again: now and in its old place, or once its dependencies allow it. */
  startAgain(task: number, at: number): void {
    const { tasks } = this;
    if (tasks.is(task, 'running')) this.ready.stopped(task);
    tasks.startedAt[task] = NaN;
    tasks.dueAt[task] = NaN;
    if (tasks.forced[task] === 1 || tasks.verdict(task) === 'start') this.makeReady(task, at);
    else {
      this.#backToPending(task);
      this.#settle(task, at);
    }
  }

  /** Cancels all of this stage that has not started. */
  cancelWaiting(at: number): void {
    const { tasks } = this;
    for (let task = this.policy.next(); task !== undefined; task = this.policy.next()) this.#cancel(task, at);
    this.ready.forget();
    if (tasks.count('pending') + tasks.count('ready') === 0) return;
    for (let task = 0; task < this.graph.size; task++) {
      if (tasks.stage[task] !== this.stage) continue;
      if (tasks.is(task, 'pending') || tasks.is(task, 'ready')) this.#cancel(task, at);
    }
  }

  /** Nobody needs the task, which has not started: it ends cancelled, and its end decides nothing. */
  drop(task: number, at: number): void {
    this.ready.remove(task);
    this.#cancel(task, at);
  }

  /** Its end decides nothing: all that wait are cancelled with it. */
  #cancel(task: number, at: number): void {
    this.#end(task, 'cancelled', at);
    for (const dependent of neighbours(this.graph.dependents, task)) this.#count(dependent, task);
  }

  /** An operator's word: the task does not start until it is resumed. */
  hold(task: number): void {
    this.ready.remove(task);
    this.tasks.paused[task] = 1;
  }

  release(task: number): void {
    if (this.tasks.paused[task] === 0) return;
    this.tasks.paused[task] = 0;
    this.ready.add(task);
    const group = this.fanOuts.of(task);
    if (group !== undefined) this.#touched.add(group);
  }

  /** An operator's word: a task that does not run ends so, whatever became of it before; dependents follow. */
  force(task: number, state: 'succeeded' | 'skipped' | 'cancelled', at: number): void {
    const { tasks } = this;
    // It failed, and continues on error: its dependents did not wait for an operator.
    const wentOn = this.countsAsSuccess(task);
    if (tasks.hasEnded(task)) this.#reopen(task, wentOn ? 'none' : 'unstarted');
    this.ready.remove(task);
    tasks.forced[task] = 1;
    if (wentOn && state !== 'succeeded') this.#letStarted(task);
    this.end(task, state, at);
    if (wentOn && state === 'succeeded') this.#letDecided(task, at);
    this.#blockAgain(at);
  }

  /** Of what needs the task, what has started stays as it is; what has not waits again. */
  #letStarted(task: number): void {
    for (const dependent of neighbours(this.graph.dependents, task)) {
      if (this.tasks.is(dependent, 'ready')) this.#waitAgain(dependent);
      else this.#excuse(dependent);
    }
  }

  /** Of what needs the task, what a rule about failures let start stays as it is, where it has; else it waits, or ends. */
  #letDecided(task: number, at: number): void {
    for (const dependent of neighbours(this.graph.dependents, task)) {
      if (this.tasks.verdict(dependent) === this.#heldVerdict(dependent)) continue;
      if (this.tasks.is(dependent, 'ready')) {
        this.#waitAgain(dependent);
        this.#settle(dependent, at);
      } else this.#excuse(dependent);
    }
  }

  #waitAgain(task: number): void {
    this.ready.remove(task);
    this.#backToPending(task);
  }

  /** The task stays as it is, whatever becomes of what it needs. */
  #excuse(task: number): void {
    if (!this.tasks.is(task, 'pending')) this.tasks.forced[task] = 1;
  }

  /**
   * An operator's word: an ended task starts again.
   * @param withDependents Whether what its end decided is open again too; else that stays as it is.
   * @returns the running tasks that must stop, and start again later.
   */
  retry(task: number, withDependents: boolean, at: number): number[] {
    const running = this.#reopen(task, withDependents ? 'all' : 'none');
    if (!withDependents) for (const dependent of neighbours(this.graph.dependents, task)) this.#excuse(dependent);
    this.tasks.forced[task] = 0;
    this.#settle(task, at);
    this.#blockAgain(at);
    return running;
  }

  /** Of a fan-out, that of its items, too. */
  setPriority(task: number, priority: number): void {
    for (const one of [task, ...(this.fanOuts.of(task)?.tasks ?? [])]) {
      this.ready.remove(one);
      this.tasks.priority[one] = priority;
      this.ready.add(one);
    }
  }

  /** Another order among the tasks that wait, from now on. */
  usePolicy(name: string): void {
    this.ready.usePolicy(name);
  }

  /** New tasks behind those there are. */
  grow(added: readonly TaskTraits[], edges: readonly AddedEdge[], at: number): void {
    const before = this.graph;
    this.#add(added, edges);
    this.ready.factsChanged();
    const { graph, tasks } = this;
    for (let task = 0; task < before.size; task++) {
      // It had nothing to wait for any more, until now.
      const needsMore = graph.inDegree[task]! > before.inDegree[task]!;
      if (needsMore && tasks.verdict(task) !== 'start' && tasks.is(task, 'ready')) this.#waitAgain(task);
    }
    for (let task = 0; task < graph.size; task++) this.#settle(task, at);
  }

  #add(added: readonly TaskTraits[], edges: readonly AddedEdge[]): void {
    const first = this.graph.size;
    this.graph = growGraph(this.graph, added.length, edges);
    const traits = new Uint8Array(this.graph.size);
    traits.set(this.#traits);
    this.#traits = traits;
    this.tasks = this.tasks.grown(this.graph.inDegree);
    this.#open[0]! += added.length;
    added.forEach((task, index) => this.describe(first + index, task));
    for (let task = 0; task < this.graph.size; task++) this.#recount(task);
  }

  /**
   * A started task fans out. Of an earlier time that it did, items that are not in `keep` are done again; those beyond
   * the number of items now stay as they are, and are none any more.
   */
  fanOut(parent: number, fanOut: FanOut, at: number): void {
    const before = this.fanOuts.of(parent)?.tasks ?? [];
    const keep = new Set(fanOut.keep);
    before.slice(0, fanOut.items).forEach((task, item) => {
      if (!keep.has(item) && this.tasks.hasEnded(task)) this.#setBack(task);
    });
    for (const task of before.slice(fanOut.items)) {
      if (this.tasks.hasEnded(task)) continue;
      this.tasks.declined[task] = 1;
      this.#end(task, 'skipped', at);
    }
    const missing = Math.max(0, fanOut.items - before.length);
    const first = this.graph.size;
    const traits: TaskTraits = {
      priority: this.tasks.priority[parent]!,
      hold: fanOut.hold ?? 'slot',
      stage: STAGES[this.tasks.stage[parent]!]!,
      hasCompensation: this.#has(parent, HAS_COMPENSATION),
      ...this.ready.traitsLike(parent),
    };
    if (missing > 0)
      this.#add(
        Array.from({ length: missing }, () => traits),
        [],
      );
    for (let task = first; task < first + missing; task++) this.tasks.parent[task] = parent;
    const tasks = [...before, ...Array.from({ length: missing }, (_, index) => first + index)];
    const group = this.fanOuts.set(parent, tasks, fanOut);
    this.fanOuts.recount(group, this.tasks);
    this.#touched.add(group);
  }

  /** Lets items of fan-outs go, as many as may; @returns the fan-outs of which every item has ended. */
  settleItems(at: number): readonly Items[] {
    if (this.#touched.size === 0) return NO_ITEMS;
    const ended: Items[] = [];
    // Grows as it is gone through: an item that ends at once touches its fan-out again.
    for (const group of this.#touched) {
      this.#touched.delete(group);
      if (this.fanOuts.of(group.parent) !== group || !this.tasks.is(group.parent, 'running')) continue;
      this.#letGo(group, at);
      if (group.open === 0) ended.push(group);
    }
    return ended.filter((group, index) => ended.indexOf(group) === index);
  }

  #letGo(group: Items, at: number): void {
    const { tasks } = this;
    if (isOver(group)) this.stopItems(group, at);
    if (tasks.paused[group.parent] === 1 || tasks.stop[group.parent] !== STOP.none) return;
    while (group.next < group.size && group.active < group.maxParallel && !isOver(group)) {
      const task = group.tasks[group.next++]!;
      if (!tasks.is(task, 'pending')) continue;
      const own = this.#admitted(task);
      if (own === 'start') {
        group.active++;
        this.makeReady(task, at);
      } else this.end(task, own, at);
    }
  }

  /** Ends the items that have not started; @returns those that run. */
  stopItems(group: Items, at: number): number[] {
    const { tasks } = this;
    const items = group.tasks.slice(0, group.size);
    for (const task of items) if (tasks.is(task, 'pending') || tasks.is(task, 'ready')) this.drop(task, at);
    return items.filter((task) => tasks.isUnderWay(task));
  }

  /**
   * What undoes tasks is added behind those there are; the run comes to that stage. One that cannot be undone keeps none
   * of the others from it.
   */
  addCompensations(count: number, order: readonly (readonly [before: number, after: number])[], at: number): void {
    const first = this.graph.size;
    const traits: TaskTraits = { triggerRule: 'all_done', stage: 'compensation' };
    this.#add(
      Array.from({ length: count }, () => traits),
      order.map(([before, after]) => [first + before, first + after]),
    );
    this.ready.factsChanged();
    this.enterStage(STAGES.indexOf('compensation'), at);
  }

  /** Tasks that were set back and may be blocked by others than the one they were set back for. */
  #reopened: number[] = [];

  /**
   * Takes an end back; with dependents, all that came of it, too. Afterwards the task is pending.
   * @returns the running tasks among those.
   */
  #reopen(first: number, dependents: 'none' | 'unstarted' | 'all'): number[] {
    const { tasks } = this;
    const running = new Set<number>();
    const open = [first];
    for (let task = open.pop(); task !== undefined; task = open.pop()) {
      // It was on the list twice.
      if (tasks.is(task, 'pending')) continue;
      this.#setBack(task);
      if (task !== first) this.#reopened.push(task);
      for (const dependent of neighbours(this.graph.dependents, task)) {
        this.#recount(dependent);
        // One that an earlier retry left as it was never ran by anybody's word: this one takes it along.
        const isDecided = tasks.forced[dependent] === 1 && !tasks.is(dependent, 'upstream_failed');
        if (dependents === 'none' || isDecided || tasks.is(dependent, 'pending')) continue;
        if (tasks.verdict(dependent) === this.#heldVerdict(dependent)) continue;
        if (dependents === 'unstarted' && this.#hasStarted(dependent)) tasks.forced[dependent] = 1;
        else if (tasks.isUnderWay(dependent)) running.add(dependent);
        else open.push(dependent);
      }
    }
    return [...running];
  }

  /** The task, which does not run, is pending again. */
  #setBack(task: number): void {
    const { tasks } = this;
    if (tasks.hasEnded(task)) this.#open[tasks.stage[task]!]!++;
    else this.ready.remove(task);
    this.#backToPending(task);
    tasks.startedAt[task] = NaN;
    tasks.endedAt[task] = NaN;
    const group = tasks.parent[task] === -1 ? undefined : this.fanOuts.of(tasks.parent[task]!);
    if (group === undefined) return;
    this.fanOuts.recount(group, tasks);
    this.#touched.add(group);
  }

  #hasStarted(task: number): boolean {
    return !Number.isNaN(this.tasks.startedAt[task]!);
  }

  /** It goes to the end of the line when it is ready again. */
  #backToPending(task: number): void {
    this.tasks.move(task, 'pending');
    this.tasks.sequence[task] = -1;
    this.tasks.forced[task] = 0;
    this.tasks.declined[task] = 0;
    this.tasks.unneeded[task] = 0;
  }

  #recount(task: number): void {
    const { done, succeeded, failed, upstreamFailed, skipped } = this.tasks;
    for (const column of [done, succeeded, failed, upstreamFailed, skipped]) column[task] = 0;
    for (const needed of neighbours(this.graph.dependencies, task)) {
      if (this.tasks.hasEnded(needed)) this.#count(task, needed);
    }
  }

  /** What its dependencies already decide of a pending task. */
  #settle(task: number, at: number): void {
    if (!this.tasks.is(task, 'pending')) return;
    const verdict = this.#decide(task);
    if (verdict === 'start') this.makeReady(task, at);
    else if (verdict !== 'wait') this.end(task, verdict, at);
  }

  /** What the trigger rule said when the task came to where it is. */
  #heldVerdict(task: number): Verdict {
    const state = this.tasks.stateOf(task);
    if (this.tasks.declined[task] === 1) return 'start';
    return state === 'skipped' || state === 'upstream_failed' ? state : state === 'pending' ? 'wait' : 'start';
  }

  #blockAgain(at: number): void {
    for (const task of this.#reopened.splice(0)) this.#settle(task, at);
  }
}

/**
 * How a task ends that does not start again, after what it was told.
 * @param isStale Whether what it needs was set back while it ran, so that its own outcome is void.
 */
export function endAfterStop(stop: number, outcome: TaskOutcome, isStale: boolean): End {
  if (stop === STOP.succeeded) return 'succeeded';
  const own = isStale ? 'cancelled' : outcome;
  return stop === STOP.skipped && own !== 'succeeded' ? 'skipped' : own;
}
