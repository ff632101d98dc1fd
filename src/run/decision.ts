import type { Act, ActRequest } from './act.js';
import type { ApprovalWith } from '../dag/control.js';
import { violations } from '../json-schema/violations.js';
import type { Controls } from './controls.js';
import type { SentEvent } from './event-inbox.js';
import { retryOf, timeoutsOf, type Dag, type Task } from '../dag/dag.js';
import { DagwrightError } from '../dag/errors.js';
import { recompile } from '../expression/compile.js';
import type { SchedulerEvent } from '../dag/event.js';
import { graphOf, neighbours } from '../dag/graph.js';
import { grownDag } from './grown-dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import { isPolicyName, POLICY_NAMES } from '../dag/policy.js';
import type { Scheduler } from '../dag/scheduler.js';
import { isTaskEnd } from '../dag/task-state.js';
import { HOLD, STOP } from '../dag/task-table.js';
import { STAGES, traitsOf } from '../dag/task-traits.js';

/** What an act becomes: the event that does it, none where the run is so already; and one sentence about it. */
export interface Decision {
  readonly event?: SchedulerEvent;
  /** In place of an event: what is done with the tasks that the run does itself, and the events that come of it. */
  readonly does?: () => readonly SchedulerEvent[];
  readonly message: string;
}

/** What is asked of a run to decide. */
export interface DecisionFacts {
  readonly runId: string;
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly hasEnded: boolean;
  readonly record: { hasLostOutput(task: number): boolean };
  readonly controls: Controls;
  indexOf(name: string): number | undefined;
}

/** The most tasks that a run may have, those it began with included. */
const MAXIMUM_TASKS = 100_000;

/** As in dag files. */
const MAXIMUM_ATTEMPTS = 10_000;
const MAXIMUM_BACKOFF = 1_000;
const MAXIMUM_TIME = 31_536_000_000;
/** Milliseconds until a pause ends by itself: a later time is past what the server's clock can count. */
const MAXIMUM_PAUSE = 100 * MAXIMUM_TIME;

type TaskAct = Exclude<Extract<Act, { readonly task: string }>, { readonly type: 'approve' | 'reject' }>;
/** What a run does after its own tasks. */
const ENDING = { compensation: 'what undoes them', finally: 'what is done at the end' } as const;

/**
 * What an act does to the run as it stands. Changes nothing.
 * @throws DagwrightError RUN_ENDED, TASK_NOT_FOUND, ACT_REFUSED, ACT_INVALID, DAG_INVALID.
 */
export function decide(run: DecisionFacts, act: Act, request: ActRequest, at: number): Decision {
  if (run.hasEnded) {
    throw new DagwrightError('RUN_ENDED', `The run ${run.runId} has ended.`, {
      hint: `See how with \`dagwright status ${run.runId}\`; \`dagwright rerun ${run.runId}\` does what it left undone.`,
    });
  }
  if (act.type === 'approve' || act.type === 'reject') return decideApproval(run, act, request, at);
  if ('task' in act) return decideTask(run, act, at);
  switch (act.type) {
    case 'pause':
      return decidePause(run, act, at);
    case 'resume':
      if (run.scheduler.pauseMode === undefined) return { message: 'The run was not paused.' };
      return { event: { type: 'operator.resumed', at }, message: 'The run goes on.' };
    case 'cancel': {
      if (run.scheduler.state === 'cancelling') return { message: 'The run was being cancelled already.' };
      const { underWay: running, stage } = run.scheduler;
      if (stage !== 'main') return { message: `The run's own tasks have ended: only ${ENDING[stage]} goes on.` };
      const stops = running === 0 ? 'nothing ran' : `${amount(running, 'running task')} told to stop`;
      const why = act.reason === undefined ? '' : ` Reason: ${act.reason}`;
      const undo = act.compensate === undefined ? {} : { compensate: act.compensate };
      return { event: { type: 'operator.cancelled', at, ...undo }, message: `The run is cancelled: ${stops}.${why}` };
    }
    case 'setConcurrency': {
      const { concurrency: before } = run.scheduler;
      if (before === act.concurrency) return { message: `The concurrency was ${before} already.` };
      const message = `The concurrency is ${act.concurrency}; it was ${before}.`;
      return { event: { type: 'concurrency.set', at, concurrency: act.concurrency }, message };
    }
    case 'setPolicy': {
      const before = run.scheduler.policy.name;
      if (!isPolicyName(act.policy)) {
        throw refuse.invalid(`There is no policy "${act.policy}"; there are ${POLICY_NAMES.join(', ')}.`);
      }
      if (before === act.policy) return { message: `The policy was ${before} already.` };
      const message = `The policy is ${act.policy}; it was ${before}.`;
      return { event: { type: 'policy.set', at, policy: act.policy }, message };
    }
    case 'addTasks':
      return decideAdded(run, act, at);
    case 'sendEvent':
      return decideEvent(run, { event: act.event, payload: act.payload ?? null }, at);
  }
}

/** The errors that acts are refused with. */
export const refuse = {
  unknownTask(name: string, names: Iterable<string>): DagwrightError {
    const lower = name.toLowerCase();
    let near: string | undefined;
    for (const one of names) if (one.toLowerCase() === lower) near = one;
    return new DagwrightError('TASK_NOT_FOUND', `The run has no task "${name}".`, {
      hint: near === undefined ? 'See its tasks with `dagwright status`.' : `Did you mean "${near}"?`,
    });
  },
  invalid(message: string): DagwrightError {
    return new DagwrightError('ACT_INVALID', message);
  },
  state(message: string, hint?: string): DagwrightError {
    return new DagwrightError('ACT_REFUSED', message, hint === undefined ? {} : { hint });
  },
};

function decidePause(run: DecisionFacts, act: Extract<Act, { type: 'pause' }>, at: number): Decision {
  const { pauseMode, resumesAt, state, running } = run.scheduler;
  if (state === 'cancelling') throw refuse.state('The run is being cancelled.');
  // One that drains does not take an interrupt back.
  const mode = pauseMode === 'interrupt' ? 'interrupt' : (act.mode ?? 'drain');
  const until = act.until === undefined ? undefined : Date.parse(act.until);
  if (until !== undefined && until <= at) throw refuse.invalid(`\`until\` lies in the past: ${act.until}.`);
  if (until !== undefined && until - at > MAXIMUM_PAUSE) {
    throw refuse.invalid(`\`until\` lies more than 100 years ahead: ${act.until}.`);
  }
  const isSoAlready = pauseMode === mode;
  if (isSoAlready && (until === undefined || until === resumesAt)) return { message: 'The run was paused already.' };
  const running_ =
    running === 0 || isSoAlready
      ? ''
      : mode === 'interrupt'
        ? ` ${amount(running, 'running task')} told to stop, to start again at resume.`
        : ` ${amount(running, 'running task')} left to end.`;
  const goesOn = until === undefined ? '' : ` It goes on by itself at ${new Date(until).toISOString()}.`;
  return {
    event: { type: 'operator.paused', at, mode, ...(until === undefined ? {} : { until }) },
    message: `The run is paused: no task starts.${running_}${goesOn}`,
  };
}

function decideTask(run: DecisionFacts, act: TaskAct, at: number): Decision {
  const task = run.indexOf(act.task);
  if (task === undefined)
    throw refuse.unknownTask(
      act.task,
      run.dag.tasks.map(({ name }) => name),
    );
  const { scheduler } = run;
  const { name } = run.dag.tasks[task]!;
  checkStage(run, task);
  checkItem(run, task, act.type);
  const state = scheduler.stateOf(task);
  const stop = scheduler.tasks.stop[task];
  const isPaused = scheduler.tasks.paused[task] === 1;
  switch (act.type) {
    case 'pauseTask': {
      const mode = act.mode ?? 'drain';
      if (isTaskEnd(state)) throw refuse.state(`${name} has ended: it is ${state}.`);
      if (isPaused) return { message: `${name} was paused already.` };
      if (state === 'running' && stop !== undefined && stop > STOP.again) {
        throw refuse.state(`${name} was told to stop, and ends.`);
      }
      if (state === 'running' && mode === 'drain') {
        throw refuse.state(`${name} runs.`, 'Stop it with the mode `interrupt`: it starts again at resume.');
      }
      if (scheduler.tasks.hold[task] === HOLD.run && state === 'running') {
        return { event: { type: 'task.paused', at, task, mode }, message: `${name} is paused: the run that it is.` };
      }
      const stops = state === 'running' ? 'It is told to stop, and starts again' : 'It does not start';
      return {
        event: { type: 'task.paused', at, task, mode },
        message: `${name} is paused. ${stops}${state === 'running' ? ' when' : ' until'} it is resumed.`,
      };
    }
    case 'resumeTask':
      if (!isPaused) return { message: `${name} was not paused.` };
      return { event: { type: 'task.resumed', at, task }, message: `${name} may start again.` };
    case 'cancelTask':
      if (state === 'cancelled' || stop === STOP.cancelled) return { message: `${name} was cancelled already.` };
      if (isTaskEnd(state)) throw refuse.state(`${name} has ended: it is ${state}.`);
      return { event: { type: 'task.forced', at, task, state: 'cancelled' }, message: words(name, state, 'cancelled') };
    case 'skipTask':
      if (state === 'skipped' || stop === STOP.skipped) return { message: `${name} was skipped already.` };
      if (state === 'succeeded') throw refuse.state(`${name} has succeeded.`);
      return { event: { type: 'task.forced', at, task, state: 'skipped' }, message: words(name, state, 'skipped') };
    case 'completeTask':
      if (state === 'succeeded' || stop === STOP.succeeded) return { message: `${name} has succeeded already.` };
      if (isTaskEnd(state) && !scheduler.countsAsSuccess(task)) {
        for (const one of setBackWith(run, task)) if (one !== task) checkNeeds(run, one);
      }
      return { event: { type: 'task.forced', at, task, state: 'succeeded' }, message: words(name, state, 'succeeded') };
    case 'retryTask':
      return decideRetry(run, task, act.dependents ?? true, at);
    case 'setPriority': {
      const before = scheduler.tasks.priority[task]!;
      if (before === act.priority) return { message: `The priority of ${name} was ${before} already.` };
      const message = `The priority of ${name} is ${act.priority}; it was ${before}.`;
      return { event: { type: 'priority.set', at, task, priority: act.priority }, message };
    }
  }
}

/** Of an earlier stage than the run's nothing changes any more: what undoes it, or ends the run, relies on it. */
function checkStage({ scheduler }: DecisionFacts, task: number): void {
  const { stage, state, tasks } = scheduler;
  const isOver = tasks.stage[task]! < STAGES.indexOf(stage);
  if (isOver && stage !== 'main') throw refuse.state(`The run's own tasks have ended: ${ENDING[stage]} goes on.`);
  if (state === 'cancelling' && stage === 'main') throw refuse.state('The run is being cancelled.');
}

/** @throws DagwrightError ACT_REFUSED where what the item belongs to has ended. */
function checkItem({ dag, scheduler }: DecisionFacts, task: number, act: TaskAct['type']): void {
  const parent = scheduler.tasks.parent[task]!;
  if (parent === -1 || act === 'setPriority' || act === 'resumeTask') return;
  const of = dag.tasks[parent]!.name;
  const group = scheduler.itemsOf(parent);
  const { name } = dag.tasks[task]!;
  if (group !== undefined && group.tasks.indexOf(task) >= group.size) {
    throw refuse.state(`${name} is no item of ${of} any more.`);
  }
  if (!scheduler.tasks.hasEnded(parent)) return;
  const hint = `\`retryTask\` of ${of} does those of its items again that did not succeed.`;
  throw refuse.state(`${of}, whose item it is, has ended: it is ${scheduler.stateOf(parent)}.`, hint);
}

function decideEvent(run: DecisionFacts, sent: SentEvent, at: number): Decision {
  const { controls } = run;
  const takers = controls.takers(sent);
  if (takers.length > 0) {
    return {
      does: () => takers.map((task) => controls.taken(task, sent, at)),
      message: `Taken by ${listOf(takers.map((task) => run.dag.tasks[task]!.name))}.`,
    };
  }
  const waiting = run.dag.tasks.filter(({ uses, with: given }) => uses === 'event' && given['event'] === sent.event);
  if (waiting.length === 0) {
    const names = [
      ...new Set(run.dag.tasks.flatMap(({ uses, with: given }) => (uses === 'event' ? [given['event']] : []))),
    ];
    const hint = names.length === 0 ? 'None waits for any event.' : `Its tasks wait for ${names.join(', ')}.`;
    throw refuse.state(`No task of the run waits for the event ${sent.event}.`, hint);
  }
  const problems = waiting.map(({ with: given }) => {
    const { schema } = given as { schema?: JsonObject };
    return schema === undefined ? [] : violations(schema, sent.payload);
  });
  if (problems.every((list) => list.length > 0)) {
    throw refuse.invalid(`The payload breaks the schema of the event ${sent.event}: ${problems[0]!.join('; ')}.`);
  }
  if (!controls.inbox.hasRoom(sent)) {
    throw refuse.state('Too many events wait for tasks to take them.', 'Send it again once a task waits for it.');
  }
  return {
    does: () => {
      controls.inbox.keep(sent);
      return [];
    },
    message: `Kept for ${listOf(waiting.map(({ name }) => name))}: none waits for such a one now.`,
  };
}

function decideApproval(
  run: DecisionFacts,
  act: Extract<Act, { readonly type: 'approve' | 'reject' }>,
  { by }: ActRequest,
  at: number,
): Decision {
  const { dag, scheduler, controls } = run;
  const task = run.indexOf(act.task);
  if (task === undefined)
    throw refuse.unknownTask(
      act.task,
      dag.tasks.map(({ name }) => name),
    );
  const definition = dag.tasks[task]!;
  const { name } = definition;
  const state = scheduler.stateOf(task);
  if (definition.uses !== 'approval') throw refuse.state(`${name} waits for no approval.`);
  if (state !== 'waiting') {
    const how = isTaskEnd(state) ? `it is ${state} already` : `it is ${state}, and does not wait yet`;
    throw refuse.state(`There is nothing to decide on ${name}: ${how}.`);
  }
  const { approvers, form: schema } = definition.with as unknown as ApprovalWith;
  if (approvers !== undefined && (by === undefined || !approvers.includes(by))) {
    throw refuse.state(
      `Only ${listOf(approvers)} may decide on ${name}${by === undefined ? '' : `, not ${by}`}.`,
      'Say who you are with `--by`.',
    );
  }
  const who = by === undefined ? {} : { by };
  if (act.type === 'reject') {
    const why = act.reason === undefined ? {} : { reason: act.reason };
    return {
      does: () => [controls.decided(task, { decision: 'rejected', ...who, ...why }, at)],
      message: `${name} is rejected.`,
    };
  }
  const problems = schema === undefined ? [] : violations(schema, act.form ?? null);
  if (problems.length > 0) throw refuse.invalid(`The form of ${name} is not as it must be: ${problems.join('; ')}.`);
  const form = act.form === undefined ? {} : { form: act.form };
  return {
    does: () => [controls.decided(task, { decision: 'approved', ...who, ...form }, at)],
    message: `${name} is approved.`,
  };
}

function words(name: string, state: string, end: string): string {
  if (state === 'running') return `${name} is told to stop, and ends ${end}.`;
  return `${name} is marked ${end}; it was ${state}.`;
}

function decideRetry(run: DecisionFacts, task: number, dependents: boolean, at: number): Decision {
  const { scheduler, dag } = run;
  const state = scheduler.stateOf(task);
  const nameOf = (index: number): string => dag.tasks[index]!.name;
  const name = nameOf(task);
  if (!isTaskEnd(state)) return { message: `${name} has not ended: it is ${state}.` };
  if (state === 'succeeded') {
    const hint = `\`dagwright rerun ${run.runId} --from ${name}\` runs it again in a new run, once this one has ended.`;
    throw refuse.state(`${name} has succeeded.`, hint);
  }
  const needed = [...neighbours(scheduler.graph.dependencies, task)];
  const verdict = scheduler.tasks.verdict(task);
  if (verdict === 'skipped' || verdict === 'upstream_failed') {
    const inTheWay = needed.filter((one) => isTaskEnd(scheduler.stateOf(one)) && !scheduler.countsAsSuccess(one));
    const shown = (inTheWay.length > 0 ? inTheWay : needed).slice(0, 5);
    const which = shown.map((one) => `${nameOf(one)} (${scheduler.stateOf(one)})`);
    const hint = inTheWay[0] === undefined ? undefined : `Retry ${nameOf(inTheWay[0])} instead.`;
    throw refuse.state(`${name} cannot run: it needs ${which.join(', ')}.`, hint);
  }
  for (const one of dependents ? setBackWith(run, task) : [task]) checkNeeds(run, one);
  const follow = dependents ? '; what it kept from running is set back too' : '; its dependents stay as they are';
  return {
    event: { type: 'task.retried', at, task, dependents },
    message: `${name} runs again; it was ${state}${follow}.`,
  };
}

/** The task, and those that are open again with it. */
function setBackWith({ scheduler }: DecisionFacts, task: number): Set<number> {
  const { graph, tasks } = scheduler;
  const back = new Set([task]);
  // Grows as it is gone through.
  for (const one of back) {
    for (const dependent of neighbours(graph.dependents, one)) {
      if (tasks.forced[dependent] === 0 && !tasks.is(dependent, 'pending')) back.add(dependent);
    }
  }
  return back;
}

/** @throws DagwrightError ACT_REFUSED where the task would run without something that it needs. */
function checkNeeds(run: DecisionFacts, task: number): void {
  const { name } = run.dag.tasks[task]!;
  for (const needed of neighbours(run.scheduler.graph.dependencies, task)) {
    if (run.scheduler.tasks.is(needed, 'succeeded')) checkKept(run, name, needed);
  }
}

/** @throws DagwrightError ACT_REFUSED where the task would run without what it needs. */
function checkKept(run: DecisionFacts, name: string, needed: number): void {
  if (!run.record.hasLostOutput(needed)) return;
  const hint = `\`dagwright rerun ${run.runId}\`, once the run has ended, makes it again.`;
  const lost = run.dag.tasks[needed]!.name;
  throw refuse.state(`${name} needs the output of ${lost}, which was too large to be kept.`, hint);
}

function decideAdded(run: DecisionFacts, act: Extract<Act, { type: 'addTasks' }>, at: number): Decision {
  const { dag, scheduler } = run;
  if (scheduler.state === 'cancelling') throw refuse.state('The run is being cancelled.');
  if (scheduler.stage !== 'main')
    throw refuse.state(`The run's own tasks have ended: ${ENDING[scheduler.stage]} goes on.`);
  const asked = grownDag({ ...dag, tasks: [] }, act).tasks;
  if (asked.every((task) => isThere(run, task))) return { message: 'The run has these tasks already.' };
  const first = dag.tasks.length;
  const indexes = new Map<string, number>();
  act.tasks.forEach((task, i) => {
    if (run.indexOf(task.name) !== undefined)
      throw refuse.state(`The run has a task ${task.name} already.`, 'Rename it.');
    indexes.set(task.name, first + i);
  });
  if (first + act.tasks.length > MAXIMUM_TASKS) throw refuse.state(`A run has at most ${MAXIMUM_TASKS} tasks.`);
  const indexOf = (name: string): number => {
    const index = indexes.get(name) ?? run.indexOf(name);
    if (index === undefined)
      throw refuse.unknownTask(
        name,
        dag.tasks.map((task) => task.name),
      );
    return index;
  };
  const edges: [number, number][] = [];
  for (const task of act.tasks) for (const need of task.needs) edges.push([indexOf(need.task), indexOf(task.name)]);
  for (const [dependent, names] of Object.entries(act.needs ?? {})) {
    const to = indexOf(dependent);
    const state = to < first ? scheduler.stateOf(to) : 'pending';
    if (state !== 'pending' && state !== 'ready') {
      throw refuse.state(`${dependent} can get no further dependency: it is ${state}.`);
    }
    for (const name of names) edges.push([indexOf(name), to]);
  }
  for (const [from, to] of edges)
    if (from < first) checkKept(run, (dag.tasks[to] ?? act.tasks[to - first])!.name, from);
  for (const task of act.tasks) {
    checkLimits(dag, task);
    for (const name of conditionOf(task)) indexOf(name);
  }
  checkSound(grownDag(dag, act));
  return {
    event: {
      type: 'tasks.added',
      at,
      tasks: act.tasks.map(traitsOf),
      edges,
    },
    message: `Added ${amount(act.tasks.length, 'task')}: ${listOf(act.tasks.map((task) => task.name))}.`,
  };
}

function isThere(run: DecisionFacts, task: Task): boolean {
  const index = run.indexOf(task.name);
  return index !== undefined && JSON.stringify(run.dag.tasks[index] as unknown as Json) === JSON.stringify(task);
}

/**
 * The tasks that a task's condition looks at.
 * @throws DagwrightError DAG_INVALID where it cannot be read.
 */
function conditionOf({ name, when }: Task): string[] {
  if (when === undefined) return [];
  try {
    return recompile(when).references.tasks.map((task) => task.name);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DagwrightError('DAG_INVALID', `The \`when\` of ${name} cannot be read: ${why}`, { cause });
  }
}

/** What the server would refuse again and again, so that the run would stand still: with the dag's own defaults, too. */
function checkLimits(dag: Dag, task: Task): void {
  const retry = retryOf(dag, task);
  const isSound =
    Number.isInteger(retry.maximumAttempts) &&
    isWithin(retry.maximumAttempts, 1, MAXIMUM_ATTEMPTS) &&
    isWithin(retry.backoffCoefficient, 1, MAXIMUM_BACKOFF) &&
    isWithin(retry.initialInterval, 1, MAXIMUM_TIME) &&
    isWithin(retry.maximumInterval, retry.initialInterval, MAXIMUM_TIME);
  if (!isSound) {
    const rule =
      `maximumAttempts is a whole number from 1 to ${MAXIMUM_ATTEMPTS}, backoffCoefficient from 1 to ${MAXIMUM_BACKOFF}, ` +
      'and maximumInterval is at least initialInterval';
    throw new DagwrightError('DAG_INVALID', `The retry policy of ${task.name} makes no sense: ${rule}.`);
  }
  const isOff = (limit: number): boolean => !Number.isInteger(limit) || !isWithin(limit, 1, MAXIMUM_TIME);
  const limits = Object.entries<number>({ ...timeoutsOf(dag, task) }).filter(([, limit]) => isOff(limit));
  if (limits.length > 0) {
    const names = limits.map(([name]) => name).join(', ');
    throw new DagwrightError('DAG_INVALID', `Of ${task.name}, ${names} must be whole milliseconds from 1 to a year.`);
  }
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

/** @throws DagwrightError DAG_INVALID for a cycle, and two new tasks of one name. */
function checkSound(dag: Dag): void {
  try {
    graphOf(dag);
  } catch (cause) {
    throw new DagwrightError('DAG_INVALID', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function amount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function listOf(names: readonly string[]): string {
  const more = names.length > 5 ? `, and ${names.length - 5} more` : '';
  return names.slice(0, 5).join(', ') + more;
}
