import { isoTime } from './iso-time.js';
import type { Dag } from '../dag/dag.js';
import type { Explanation, Reason, ReasonCode } from './explanation.js';
import { neighbours } from '../dag/graph.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { TaskError } from '../dag/task-error.js';
import { isTaskEnd } from '../dag/task-state.js';
import { STAGES } from '../dag/task-traits.js';
import type { TriggerRule } from '../dag/trigger-rule.js';
import type { WaitDescription } from './run.js';

/** What is asked of a run to explain a task of it. Times are milliseconds. */
export interface ExplainFacts {
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly pausedBy: { readonly at: number; readonly by?: string } | undefined;
  readonly runId: string;
  readonly record: { errorOf(task: number): TaskError | undefined; attemptsOf(task: number): number };
  readonly controls: { waitsFor(task: number): WaitDescription | undefined };
  readonly underWay: { isRetrying(task: number): boolean };
  taskPausedBy(task: number): { readonly at: number; readonly by?: string } | undefined;
}

/** Tasks that a reason names. */
const NAMED = 20;
const SHOWN = 5;

/** Why the task is not running, or is as it is, as far as the run itself knows. */
export function explain(run: ExplainFacts, task: number): Explanation {
  const { scheduler, dag } = run;
  const state = scheduler.stateOf(task);
  const reasons = isTaskEnd(state)
    ? whyEnded(run, task)
    : state === 'running'
      ? whyRunning(run, task)
      : state === 'waiting'
        ? [whyWaiting(run, task), ...whyPaused(run, task)]
        : whyNot(run, task);
  return { task: dag.tasks[task]!.name, state: run.underWay.isRetrying(task) ? 'retrying' : state, reasons };
}

function whyEnded(run: ExplainFacts, task: number): Reason[] {
  const { scheduler } = run;
  const state = scheduler.stateOf(task);
  const at = iso(scheduler.endedAt(task));
  if (scheduler.tasks.unneeded[task] === 1 && state === 'cancelled') {
    return [reason('unneeded', `It was cancelled at ${at}: nobody waited for its end any more.`)];
  }
  if (scheduler.tasks.declined[task] === 1 && state === 'skipped') return [whyDeclined(run, task)];
  const isRuled = (state === 'upstream_failed' || state === 'skipped') && scheduler.tasks.forced[task] === 0;
  const rule = ruleOf(run, task);
  if (isRuled && rule !== 'all_success') {
    const needed = needsOf(run, task);
    const how = needed.map((one) => `${nameOf(run, one)} (${scheduler.stateOf(one)})`);
    return [reason('upstream', `It never ran: its trigger rule ${rule} does not hold for ${list(how)}.`, run, needed)];
  }
  if (isRuled) {
    const causes = needsOf(run, task).filter((needed) =>
      state === 'skipped' ? scheduler.stateOf(needed) === 'skipped' : isBlocking(scheduler, needed),
    );
    if (causes.length > 0) {
      const how = causes.map((needed) => `${nameOf(run, needed)} (${scheduler.stateOf(needed)})`);
      const origins = state === 'skipped' ? [] : originsOf(run, causes);
      const because =
        origins.length === 0 ? '' : ` It began with ${sentence(origins.map((one) => failureOf(run, one)).join('; '))}`;
      return [reason('upstream', `It never ran: it needs ${list(how)}.${because}`, run, causes)];
    }
  }
  const error = run.record.errorOf(task);
  const attempts = run.record.attemptsOf(task);
  const tries = attempts > 1 ? ` after ${attempts} attempts` : '';
  const what = error === undefined ? '' : `: ${error.code}: ${error.message}`;
  return [reason('ended', sentence(`It ended ${state}${tries} at ${at}${what}`))];
}

/** It could have started, or did, and was skipped. */
function whyDeclined(run: ExplainFacts, task: number): Reason {
  const error = run.record.errorOf(task);
  if (error !== undefined) {
    return reason('ended', sentence(`A retry rule skipped it after ${error.code}: ${error.message}`));
  }
  const { when, made } = run.dag.tasks[task]!;
  if (when === undefined) return reason('condition', `It is no item of ${made?.of ?? 'its task'} any more.`);
  return reason('condition', `It was skipped: its \`when\` was false: ${when}`);
}

function whyWaiting(run: ExplainFacts, task: number): Reason {
  if (run.underWay.isRetrying(task)) {
    const error = run.record.errorOf(task);
    const why = error === undefined ? '' : `: ${error.code}: ${error.message}`;
    const next = iso(timeOf(run.scheduler.tasks.dueAt[task]));
    return reason(
      'retrying',
      sentence(`Attempt ${run.record.attemptsOf(task)} failed, the next one is at ${next}${why}`),
    );
  }
  const waits = run.controls.waitsFor(task);
  const name = nameOf(run, task);
  const until = waits?.until === undefined ? '' : `, until ${waits.until}`;
  switch (waits?.kind) {
    case 'time':
      return reason('waiting', `It waits until ${waits.until}.`);
    case 'poll':
      return reason('waiting', `Its condition did not hold; it asks again at ${waits.until}.`);
    case 'event':
      return reason(
        'waiting',
        `It waits for the event ${waits.event}${until}: \`dagwright send ${run.runId} ${waits.event}\`.`,
      );
    case 'approval': {
      const who = waits.approvers === undefined ? '' : ` by ${list(waits.approvers)}`;
      const what = waits.message === undefined ? '' : ` ("${waits.message}")`;
      return reason(
        'waiting',
        `It waits for an approval${who}${until}${what}: \`dagwright approve ${run.runId} ${name}\`.`,
      );
    }
    default:
      return reason('waiting', 'It waits.');
  }
}

function whyRunning(run: ExplainFacts, task: number): Reason[] {
  const items = run.scheduler.itemsOf(task);
  if (items !== undefined) {
    const failed = items.failed === 0 ? '' : `, ${items.failed} failed`;
    return [reason('running', `${items.size - items.open} of its ${items.size} items have ended${failed}.`)];
  }
  const { scheduler } = run;
  const isOfStopped = scheduler.state === 'cancelling' && scheduler.tasks.stage[task] === 0;
  const isStopping = scheduler.tasks.stop[task] !== 0 || isOfStopped;
  const since = iso(scheduler.startedAt(task));
  const running = `It has been running since ${since}${isStopping ? ', and was told to stop' : ''}.`;
  // A run of its own is paused with this one.
  const isRun = run.dag.tasks[task]!.uses === 'dag';
  return [reason('running', running), ...(isRun ? whyPaused(run, task) : [])];
}

function whyPaused(run: ExplainFacts, task: number): Reason[] {
  const { scheduler } = run;
  const reasons: Reason[] = [];
  if (scheduler.state === 'paused') {
    const until = scheduler.resumesAt;
    const goesOn = until === undefined ? '' : ` It goes on by itself at ${iso(until)}.`;
    reasons.push(reason('run_paused', `The run is paused (${scheduler.pauseMode})${byWhom(run.pausedBy)}.${goesOn}`));
  }
  const pausedBy = run.taskPausedBy(task);
  if (pausedBy !== undefined) reasons.push(reason('task_paused', `The task is paused${byWhom(pausedBy)}.`));
  return reasons;
}

function whyNot(run: ExplainFacts, task: number): Reason[] {
  const { scheduler } = run;
  const reasons: Reason[] = [];
  // One that is ready by an operator's word does not wait for what was set back.
  const waits = scheduler.stateOf(task) === 'pending';
  const open = needsOf(run, task).filter((needed) => waits && !isTaskEnd(scheduler.stateOf(needed)));
  if (open.length > 0) {
    const how = open.map((needed) => `${nameOf(run, needed)} (${scheduler.stateOf(needed)})`);
    const rule = ruleOf(run, task);
    const by = rule === 'all_success' ? '' : ` (trigger rule ${rule})`;
    reasons.push(reason('needs', `It waits for ${list(how)}${by}.`, run, open));
  }
  reasons.push(...whyPaused(run, task));
  if (scheduler.failing) {
    reasons.push(reason('fail_fast', 'A task has failed, and `failFast` holds: no task starts any more.'));
  }
  if (scheduler.isHeldBack) {
    const text = `As many runs of ${run.dag.name} go on as may (\`maxRuns\`): this one waits for its turn.`;
    reasons.push(reason('max_runs', text));
  }
  reasons.push(...whyHeldBack(run, task));
  if (reasons.length > 0) return reasons;
  const { running, concurrency, policy } = scheduler;
  reasons.push(...whyKept(run, task));
  if (running >= concurrency) {
    const message = `All slots are taken: ${running} tasks run, and the concurrency is ${concurrency}.`;
    reasons.push(reason('slots', message));
  }
  const place = policy.order().indexOf(task);
  if (place >= 0) {
    const order = `by the policy ${policy.name.replaceAll(',', ', then ')}`;
    const before = place === 0 ? `it is the next, ${order}` : `${place} of ${policy.size} go first, ${order}`;
    reasons.push(reason('queue', `Its place in the queue: ${before}.`));
  }
  return reasons.length > 0 ? reasons : [reason('queue', 'It is about to start.')];
}

/** What keeps a ready task beside the run's own slots. */
function whyKept({ scheduler }: ExplainFacts, task: number): Reason[] {
  const { ready } = scheduler;
  const pool = ready.parkedIn(task);
  if (pool !== undefined) {
    const { slots = Infinity, taken = 0, rate } = ready.pools.use()[pool] ?? {};
    const isRated = taken < slots && rate !== undefined;
    const why = isRated
      ? `its rate lets ${rate.count} through in ${rate.per / 1_000} s`
      : `${taken} of its ${slots} slots are taken`;
    return [reason('pool', `The pool ${pool} has no room for it: ${why}.`)];
  }
  if (ready.awaitsLease(task)) {
    const pools = ready.leases.demandsOf(task).map(({ name }) => name);
    const needs = ready.leases
      .demandsOf(task)
      .map(({ name, slots }) => (slots === 1 ? name : `${name} (${slots} slots)`));
    const what = pools.length === 1 ? `the pool ${list(needs)}` : `the pools ${list(needs)}`;
    return [reason('pool', `It waits for ${what}, which other runs share: \`dagwright pool ${pools[0]}\`.`)];
  }
  if (!ready.awaitsGroup(task)) return [];
  if (ready.groups.hasGroupFor(task)) return [reason('worker_group', 'No worker group has room for it.')];
  const some = ready.groups.groups.length === 0 ? 'No worker group lives' : 'No worker group has what it requires';
  return [reason('worker_group', `${some}: \`dagwright workers\` shows them.`)];
}

/** Why a pending task that needs nothing more does not start. */
function whyHeldBack({ scheduler, dag }: ExplainFacts, task: number): Reason[] {
  const { tasks } = scheduler;
  if (!tasks.is(task, 'pending')) return [];
  if (tasks.stage[task]! > STAGES.indexOf(scheduler.stage)) {
    return [
      reason('stage', "It runs at the end, whatever becomes of the run: the run's own tasks have not all ended."),
    ];
  }
  const parent = tasks.parent[task]!;
  const items = scheduler.itemsOf(parent);
  if (items === undefined) return [];
  const most = items.maxParallel === Infinity ? '' : `, and \`maxParallel\` is ${items.maxParallel}`;
  const going = items.active === 1 ? '1 item' : `${items.active} items`;
  return [reason('items', `${going} of ${dag.tasks[parent]!.name} under way${most}.`)];
}

/** The tasks that failed, or were cancelled, at the root of what blocks. */
function originsOf(run: ExplainFacts, first: readonly number[]): number[] {
  const seen = new Set(first);
  const open = [...first];
  const origins: number[] = [];
  for (let task = open.pop(); task !== undefined && origins.length < SHOWN; task = open.pop()) {
    if (run.scheduler.stateOf(task) !== 'upstream_failed') {
      origins.push(task);
      continue;
    }
    for (const needed of needsOf(run, task)) {
      if (seen.has(needed) || !isBlocking(run.scheduler, needed)) continue;
      seen.add(needed);
      open.push(needed);
    }
  }
  return origins;
}

function failureOf(run: ExplainFacts, task: number): string {
  const error = run.record.errorOf(task);
  const state = run.scheduler.stateOf(task);
  return error === undefined
    ? `${nameOf(run, task)} (${state})`
    : `${nameOf(run, task)}: ${error.code}: ${error.message}`;
}

function isBlocking(scheduler: Scheduler, task: number): boolean {
  return isTaskEnd(scheduler.stateOf(task)) && !scheduler.isSatisfied(task);
}

function ruleOf(run: ExplainFacts, task: number): TriggerRule {
  return run.dag.tasks[task]!.triggerRule ?? 'all_success';
}

function needsOf(run: ExplainFacts, task: number): number[] {
  return [...neighbours(run.scheduler.graph.dependencies, task)];
}

function nameOf(run: ExplainFacts, task: number): string {
  return run.dag.tasks[task]!.name;
}

function byWhom(paused: { readonly at: number; readonly by?: string } | undefined): string {
  if (paused === undefined) return '';
  const who = paused.by === undefined ? '' : ` by ${paused.by}`;
  return paused.at === 0 ? who : `${who} since ${iso(paused.at)}`;
}

/** Errors bring their own full stop, mostly. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function list(words: readonly string[]): string {
  const more = words.length > SHOWN ? `, and ${words.length - SHOWN} more` : '';
  return words.slice(0, SHOWN).join(', ') + more;
}

function reason(code: ReasonCode, message: string, run?: ExplainFacts, tasks: readonly number[] = []): Reason {
  if (run === undefined || tasks.length === 0) return { code, message };
  return { code, message, tasks: tasks.slice(0, NAMED).map((task) => nameOf(run, task)) };
}

function iso(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'an unknown time' : isoTime(milliseconds);
}

function timeOf(at: number | undefined): number | undefined {
  return at === undefined || Number.isNaN(at) ? undefined : at;
}
