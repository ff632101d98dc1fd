import { DagwrightError } from '../dag/errors.js';
import { neighbours } from '../dag/graph.js';
import { readPolicy } from '../dag/policy.js';
import type { PoolSettings } from '../dag/pools.js';
import { formatRate } from '../dag/rate.js';
import { isTaskEnd } from '../dag/task-state.js';
import { HOLD, STOP } from '../dag/task-table.js';
import { STAGES } from '../dag/task-traits.js';
import type { Act, ActRequest } from './act.js';
import { checkKept, decideAdded } from './decide-added.js';
import { decideApproval, decideEvent } from './decide-waiting.js';
import type { Decision, DecisionFacts } from './decided.js';
import { amount, ENDING, listOf, refuse } from './refusals.js';

/** Milliseconds until a pause ends by itself: a later time is past what the server's clock can count. */
const MAXIMUM_PAUSE = 100 * 31_536_000_000;

type TaskAct = Exclude<Extract<Act, { readonly task: string }>, { readonly type: 'approve' | 'reject' }>;
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
      if (run.scheduler.state === 'cancelling')
        return { message: `The run was being cancelled already.${goesOn(run)}` };
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
      const read = readPolicy(act.policy);
      if ('problem' in read) throw refuse.invalid(read.problem);
      const policy = read.names.join(',');
      if (before === policy) return { message: `The policy was ${before} already.` };
      return { event: { type: 'policy.set', at, policy }, message: `The policy is ${policy}; it was ${before}.` };
    }
    case 'setPool':
      return decidePool(run, act, at);
    case 'addTasks':
      return decideAdded(run, act, at);
    case 'sendEvent':
      return decideEvent(run, { event: act.event, payload: act.payload ?? null }, at);
  }
}

function decidePool(
  { dag, scheduler }: DecisionFacts,
  { pool, slots, rate }: Extract<Act, { type: 'setPool' }>,
  at: number,
): Decision {
  if (slots === undefined && rate === undefined) throw refuse.invalid('setPool needs `slots`, or a `rate`.');
  const pools = dag.pools ?? {};
  const declared = Object.hasOwn(pools, pool) ? pools[pool] : undefined;
  if (declared === undefined) {
    const names = listOf(Object.keys(pools));
    throw refuse.state(`The run has no pool "${pool}"${names === '' ? '' : `; it has ${names}`}.`);
  }
  if (typeof declared === 'object' && declared.scope === 'global') {
    throw refuse.state(`Runs share the pool ${pool}.`, `\`dagwright pool ${pool} --slots N\` sets it for all of them.`);
  }
  const before = scheduler.ready.pools.use()[pool] ?? { taken: 0 };
  const words = (size: PoolSettings): string => {
    const held = size.slots === undefined ? [] : [amount(size.slots, 'slot')];
    return [...held, ...(size.rate === undefined ? [] : [`rate ${formatRate(size.rate)}`])].join(', ');
  };
  const size: PoolSettings = {
    ...(before.slots === undefined ? {} : { slots: before.slots }),
    ...(before.rate === undefined ? {} : { rate: before.rate }),
    ...(slots === undefined ? {} : { slots }),
    ...(rate === undefined ? {} : { rate }),
  };
  if (words(size) === words(before)) return { message: `The pool ${pool} had ${words(before)} already.` };
  const message = `The pool ${pool} has ${words(size)}; it had ${words(before)}.`;
  return { event: { type: 'pool.set', at, pool, size }, message };
}

/** What of a run that was stopped is not stopped. */
function goesOn({ dag, scheduler }: DecisionFacts): string {
  const { stage, tasks } = scheduler;
  if (stage === 'main') return '';
  const names = dag.tasks.filter((_, task) => tasks.isUnderWay(task)).map(({ name }) => name);
  return ` Only ${ENDING[stage]} goes on: ${listOf(names)}. Cancel such a task by its name.`;
}

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
