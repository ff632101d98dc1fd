import type { AddedTask, TaskOutcome } from './event.js';
import { neighbours, type Graph } from './graph.js';
import type { Policy, PolicyFacts } from './policy.js';
import { STOP, TaskTable, CODE } from './task-table.js';
import { TRIGGER_RULES, type Verdict } from './trigger-rule.js';

/** Makes the policy of this name. */
export type CreatePolicy = (name: string, facts: PolicyFacts) => Policy;

/** What a task's own condition says when it could start: it ends at once where that is not `start`. */
export type Admit = (task: number) => 'start' | 'skipped' | 'failed';

/** The states that a task ends in. */
type End = 'succeeded' | 'failed' | 'skipped' | 'upstream_failed' | 'cancelled';

/**
 * The tasks of a run as they move along its graph: what becomes of a task by the ends of those it needs, and by an
 * operator's word. It starts nothing: that is for the scheduler, which knows the slots.
 */
export class Walk {
  graph: Graph;
  /** What is known of each task. For reading. */
  tasks: TaskTable;
  policy: Policy;
  /** Tasks that have not ended. */
  open: number;
  #nextSequence = 0;
  #continueOnError: Uint8Array;

  readonly #createPolicy: CreatePolicy;
  readonly #admit: Admit | undefined;

  constructor(graph: Graph, policy: string, createPolicy: CreatePolicy, admit?: Admit) {
    this.graph = graph;
    this.tasks = new TaskTable(graph.inDegree);
    this.#createPolicy = createPolicy;
    this.#admit = admit;
    this.policy = this.#policy(policy);
    this.open = graph.size;
    this.#continueOnError = new Uint8Array(graph.size);
  }

  /** What a run is walked with, beside its graph. To be said before anything moves. */
  describe(task: number, { continueOnError, priority, triggerRule = 'all_success' }: AddedTask): void {
    this.#continueOnError[task] = continueOnError ? 1 : 0;
    this.tasks.priority[task] = priority;
    this.tasks.rule[task] = TRIGGER_RULES.indexOf(triggerRule);
  }

  #policy(name: string): Policy {
    return this.#createPolicy(name, { priorityOf: (task) => this.tasks.priority[task]! });
  }

  /** Goes on with a table that was filled from a snapshot: counts what the table leaves out. */
  resume(order: readonly number[]): void {
    const { tasks, graph } = this;
    this.#nextSequence = order.length;
    for (const task of order) this.#enqueue(task);
    for (let task = 0; task < graph.size; task++) {
      if (!tasks.hasEnded(task)) continue;
      this.open--;
      for (const dependent of neighbours(graph.dependents, task)) this.#count(dependent, task);
    }
  }

  /** Whether the task has ended in a way that lets its dependents start. */
  countsAsSuccess(task: number): boolean {
    const state = this.tasks.state[task];
    return state === CODE.succeeded || (state === CODE.failed && this.#continueOnError[task] === 1);
  }

  /** Whether the run may succeed with it as it has ended. */
  isSatisfied(task: number): boolean {
    return this.tasks.state[task] === CODE.skipped || this.countsAsSuccess(task);
  }

  /** The run begins: every task that waits for nothing may start. */
  begin(at: number): void {
    for (let task = 0; task < this.graph.size; task++) this.#settle(task, at);
  }

  makeReady(task: number): void {
    const { sequence } = this.tasks;
    this.tasks.move(task, 'ready');
    if (sequence[task] === -1) sequence[task] = this.#nextSequence++;
    this.#enqueue(task);
  }

  #enqueue(task: number): void {
    const { tasks } = this;
    if (tasks.is(task, 'ready') && tasks.paused[task] === 0) this.policy.add(task, tasks.sequence[task]!);
  }

  #dequeue(task: number): void {
    const { tasks } = this;
    if (tasks.is(task, 'ready') && tasks.paused[task] === 0) this.policy.remove(task, tasks.sequence[task]!);
  }

  /** Ends a task, and all that its end decides. */
  end(task: number, state: End, at: number): void {
    this.#end(task, state, at);
    this.#tellDependents(task, at);
  }

  #end(task: number, state: End, at: number): void {
    this.tasks.move(task, state);
    this.tasks.endedAt[task] = at;
    this.open--;
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
        if (verdict === 'start') this.makeReady(dependent);
        else {
          this.#end(dependent, verdict, at);
          ended.push(dependent);
        }
      }
    }
  }

  /** What becomes of a pending task: what its rule says, and where that lets it start, its own condition. */
  #decide(task: number): Verdict | 'failed' {
    const verdict = this.tasks.verdict(task);
    if (verdict !== 'start' || this.#admit === undefined) return verdict;
    const own = this.#admit(task);
    if (own !== 'start') this.tasks.declined[task] = 1;
    return own;
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
    tasks.startedAt[task] = NaN;
    if (tasks.forced[task] === 1 || tasks.verdict(task) === 'start') this.makeReady(task);
    else {
      this.#backToPending(task);
      this.#settle(task, at);
    }
  }

  /** Cancels all that wait. */
  cancelWaiting(at: number): void {
    const { tasks } = this;
    for (let task = this.policy.next(); task !== undefined; task = this.policy.next()) this.#cancel(task, at);
    if (tasks.count('pending') + tasks.count('ready') === 0) return;
    for (let task = 0; task < this.graph.size; task++) {
      if (tasks.is(task, 'pending') || tasks.is(task, 'ready')) this.#cancel(task, at);
    }
  }

  /** Its end decides nothing: all that wait are cancelled with it. */
  #cancel(task: number, at: number): void {
    this.#end(task, 'cancelled', at);
    for (const dependent of neighbours(this.graph.dependents, task)) this.#count(dependent, task);
  }

  /** An operator's word: the task does not start until it is resumed. */
  hold(task: number): void {
    this.#dequeue(task);
    this.tasks.paused[task] = 1;
  }

  release(task: number): void {
    if (this.tasks.paused[task] === 0) return;
    this.tasks.paused[task] = 0;
    this.#enqueue(task);
  }

  /** An operator's word: a task that does not run ends so, whatever became of it before; dependents follow. */
  force(task: number, state: 'succeeded' | 'skipped' | 'cancelled', at: number): void {
    const { tasks } = this;
    // It failed, and continues on error: its dependents did not wait for an operator.
    const wentOn = this.countsAsSuccess(task);
    if (tasks.hasEnded(task)) this.#reopen(task, wentOn ? 'none' : 'unstarted');
    this.#dequeue(task);
    tasks.forced[task] = 1;
    if (wentOn && state !== 'succeeded') this.#letStarted(task);
    this.end(task, state, at);
    this.#blockAgain(at);
  }

  /** Of what needs the task, what has started stays as it is; what has not waits again. */
  #letStarted(task: number): void {
    for (const dependent of neighbours(this.graph.dependents, task)) {
      if (this.tasks.is(dependent, 'ready')) this.#waitAgain(dependent);
      else this.#excuse(dependent);
    }
  }

  #waitAgain(task: number): void {
    this.#dequeue(task);
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

  setPriority(task: number, priority: number): void {
    this.#dequeue(task);
    this.tasks.priority[task] = priority;
    this.#enqueue(task);
  }

  /** Another order among the tasks that wait, from now on. */
  usePolicy(name: string): void {
    const waiting = this.policy.waiting();
    this.policy = this.#policy(name);
    for (const task of waiting) this.policy.add(task, this.tasks.sequence[task]!);
  }

  /** New tasks behind those there are. */
  grow(graph: Graph, added: readonly AddedTask[], at: number): void {
    const before = this.graph;
    const first = before.size;
    const continueOnError = new Uint8Array(graph.size);
    continueOnError.set(this.#continueOnError);
    this.#continueOnError = continueOnError;
    this.graph = graph;
    this.tasks = this.tasks.grown(graph.inDegree);
    this.open += added.length;
    added.forEach((task, index) => this.describe(first + index, task));
    for (let task = 0; task < graph.size; task++) this.#recount(task);
    for (let task = 0; task < first; task++) {
      // It had nothing to wait for any more, until now.
      const needsMore = graph.inDegree[task]! > before.inDegree[task]!;
      if (needsMore && this.tasks.verdict(task) !== 'start' && this.tasks.is(task, 'ready')) this.#waitAgain(task);
    }
    for (let task = 0; task < graph.size; task++) this.#settle(task, at);
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
      if (tasks.hasEnded(task)) this.open++;
      else this.#dequeue(task);
      this.#backToPending(task);
      tasks.startedAt[task] = NaN;
      tasks.endedAt[task] = NaN;
      if (task !== first) this.#reopened.push(task);
      for (const dependent of neighbours(this.graph.dependents, task)) {
        this.#recount(dependent);
        // One that an earlier retry left as it was never ran by anybody's word: this one takes it along.
        const isDecided = tasks.forced[dependent] === 1 && !tasks.is(dependent, 'upstream_failed');
        if (dependents === 'none' || isDecided || tasks.is(dependent, 'pending')) continue;
        if (tasks.verdict(dependent) === this.#heldVerdict(dependent)) continue;
        if (dependents === 'unstarted' && this.#hasStarted(dependent)) tasks.forced[dependent] = 1;
        else if (tasks.is(dependent, 'running')) running.add(dependent);
        else open.push(dependent);
      }
    }
    return [...running];
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
    if (verdict === 'start') this.makeReady(task);
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
