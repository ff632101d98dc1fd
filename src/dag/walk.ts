import { FanOuts } from './fan-outs.js';
import { growGraph, neighbours, type AddedEdge, type Graph } from './graph.js';
import type { CreatePolicy, Policy } from './policy.js';
import type { PolicySettings } from './policy-settings.js';
import type { PoolSize } from './pools.js';
import { ReadyTasks } from './ready-tasks.js';
import type { Snapshot } from './snapshot.js';
import { CODE, HOLD, TaskTable } from './task-table.js';
import { STAGES, type Stage, type TaskTraits } from './task-traits.js';
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

/** Traits of tasks as bits. */
const CONTINUES = 1;
const CANCELS_REMAINING = 2;
const HAS_COMPENSATION = 4;

/**
 * The tasks of a run as they move along its graph: what becomes of a task by the ends of those it needs. It starts
 * nothing: that is for the scheduler, which knows the slots.
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

  /** Whether the run is in the stage. */
  isAt(stage: Stage): boolean {
    return STAGES[this.stage] === stage;
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

  /** What an item of the task is to be described with, beside what it holds. */
  traitsLike(task: number): TaskTraits {
    return {
      priority: this.tasks.priority[task]!,
      stage: STAGES[this.tasks.stage[task]!]!,
      hasCompensation: this.#has(task, HAS_COMPENSATION),
      ...this.ready.traitsLike(task),
    };
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
    for (let task = 0; task < this.graph.size; task++) this.settle(task, at);
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
    this.endAlone(task, state, at);
    this.#tellDependents(task, at);
  }

  /** Ends a task. What needs it is not told. */
  endAlone(task: number, state: End, at: number): void {
    const { tasks } = this;
    const wasPending = tasks.is(task, 'pending');
    if (tasks.is(task, 'running')) this.ready.stopped(task);
    else this.ready.dropped(task);
    tasks.move(task, state);
    tasks.endedAt[task] = at;
    tasks.dueAt[task] = NaN;
    this.#open[tasks.stage[task]!]!--;
    const group = tasks.parent[task] === -1 ? undefined : this.fanOuts.of(tasks.parent[task]!);
    if (group !== undefined) this.fanOuts.ended(group, tasks, task, wasPending);
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
          this.endAlone(dependent, verdict, at);
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
    return verdict === 'start' ? this.admitted(task) : verdict;
  }

  /** What its own condition says of a task that its dependencies, or its fan-out, let start. */
  admitted(task: number): 'start' | 'skipped' | 'failed' {
    const own = this.#admit?.(task) ?? 'start';
    if (own !== 'start') this.tasks.declined[task] = 1;
    else if (this.#factsOf !== undefined) this.ready.learn(task, this.#factsOf(task));
    return own;
  }

  /** The run comes to a later stage: its tasks may start. */
  enterStage(stage: number, at: number): void {
    this.stage = stage;
    for (let task = 0; task < this.graph.size; task++) {
      if (this.tasks.stage[task] === stage) this.settle(task, at);
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
      this.settle(task, at);
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
    this.endAlone(task, 'cancelled', at);
    for (const dependent of neighbours(this.graph.dependents, task)) this.#count(dependent, task);
  }

  /** A ready task waits for what it needs again. */
  waitAgain(task: number): void {
    this.ready.remove(task);
    this.#backToPending(task);
  }

  /** Of a fan-out, that of its items, too. */
  setPriority(task: number, priority: number): void {
    for (const one of [task, ...(this.fanOuts.of(task)?.tasks ?? [])]) {
      this.ready.remove(one);
      this.tasks.priority[one] = priority;
      this.ready.add(one);
    }
  }

  /** New tasks behind those there are. */
  grow(added: readonly TaskTraits[], edges: readonly AddedEdge[], at: number): void {
    const before = this.graph;
    this.add(added, edges);
    this.ready.factsChanged();
    const { graph, tasks } = this;
    for (let task = 0; task < before.size; task++) {
      // It had nothing to wait for any more, until now.
      const needsMore = graph.inDegree[task]! > before.inDegree[task]!;
      if (needsMore && tasks.verdict(task) !== 'start' && tasks.is(task, 'ready')) this.waitAgain(task);
    }
    for (let task = 0; task < graph.size; task++) this.settle(task, at);
  }

  /** New tasks behind those there are, which stay where they are. */
  add(added: readonly TaskTraits[], edges: readonly AddedEdge[] = []): void {
    const first = this.graph.size;
    this.graph = growGraph(this.graph, added.length, edges);
    const traits = new Uint8Array(this.graph.size);
    traits.set(this.#traits);
    this.#traits = traits;
    this.tasks = this.tasks.grown(this.graph.inDegree);
    this.#open[0]! += added.length;
    added.forEach((task, index) => this.describe(first + index, task));
    for (let task = 0; task < this.graph.size; task++) this.recount(task);
  }

  /**
   * What undoes tasks is added behind those there are; the run comes to that stage. One that cannot be undone keeps none
   * of the others from it.
   */
  addCompensations(count: number, order: readonly (readonly [before: number, after: number])[], at: number): void {
    const first = this.graph.size;
    const traits: TaskTraits = { triggerRule: 'all_done', stage: 'compensation' };
    this.add(
      Array.from({ length: count }, () => traits),
      order.map(([before, after]) => [first + before, first + after]),
    );
    this.ready.factsChanged();
    this.enterStage(STAGES.indexOf('compensation'), at);
  }

  /** The task, which does not run, is pending again. */
  setBack(task: number): void {
    const { tasks } = this;
    if (tasks.hasEnded(task)) this.#open[tasks.stage[task]!]!++;
    else this.ready.remove(task);
    this.#backToPending(task);
    tasks.startedAt[task] = NaN;
    tasks.endedAt[task] = NaN;
    const group = tasks.parent[task] === -1 ? undefined : this.fanOuts.of(tasks.parent[task]!);
    if (group !== undefined) this.fanOuts.recount(group, tasks);
  }

  /** It goes to the end of the line when it is ready again. */
  #backToPending(task: number): void {
    this.tasks.move(task, 'pending');
    this.tasks.sequence[task] = -1;
    this.tasks.forced[task] = 0;
    this.tasks.declined[task] = 0;
    this.tasks.unneeded[task] = 0;
  }

  /** Of the tasks that it needs, how many have ended, and how, is counted anew. */
  recount(task: number): void {
    const { done, succeeded, failed, upstreamFailed, skipped } = this.tasks;
    for (const column of [done, succeeded, failed, upstreamFailed, skipped]) column[task] = 0;
    for (const needed of neighbours(this.graph.dependencies, task)) {
      if (this.tasks.hasEnded(needed)) this.#count(task, needed);
    }
  }

  /** What its dependencies already decide of a pending task. */
  settle(task: number, at: number): void {
    if (!this.tasks.is(task, 'pending')) return;
    const verdict = this.#decide(task);
    if (verdict === 'start') this.makeReady(task, at);
    else if (verdict !== 'wait') this.end(task, verdict, at);
  }
}
