import { isoTime } from '../run/iso-time.js';
import type { LiveRun } from '../run/live-run.js';
import { isTaskEnd, TASK_STATES } from '../dag/task-state.js';

/** Tasks that each list names. */
const NAMED = 10;
const LONGEST_ERROR = 200;

/**
 * The run as Temporal's Web UI shows it beside its history: a Markdown list, which a page of it asks of the worker. Made
 * anew whenever the run has moved, so it looks only at as many tasks as it names.
 */
export function currentDetails(run: LiveRun, running: Iterable<number>, now: number): string {
  const { scheduler, dag } = run;
  const { counts, state } = scheduler;
  const ended = TASK_STATES.reduce((sum, one) => sum + (isTaskEnd(one) ? counts[one] : 0), 0);
  const lines = [`**${state}**: ${ended} of ${dag.tasks.length} tasks have ended`, ''];
  const nameOf = (task: number): string => code(dag.tasks[task]?.name ?? '');

  const present = TASK_STATES.toReversed().filter((one) => counts[one] > 0);
  lines.push(`- ${present.map((one) => `${counts[one]} ${one}`).join(', ')}`);
  if (state === 'paused') {
    const by = run.pausedBy?.by === undefined ? '' : ` by ${plain(run.pausedBy.by)}`;
    const until = scheduler.resumesAt === undefined ? '' : `; goes on at ${isoTime(scheduler.resumesAt)}`;
    lines.push(`- paused${by} (${scheduler.pauseMode})${until}`);
  }
  const paused = run.pausedTasks();
  if (paused.length > 0) {
    const more = paused.length > NAMED ? `, and ${paused.length - NAMED} more` : '';
    lines.push(`- paused tasks: ${paused.slice(0, NAMED).map(nameOf).join(', ')}${more}`);
  }
  if (scheduler.policy.size > 0 && state === 'running') {
    const { policy, concurrency } = scheduler;
    lines.push(`- ${policy.size} wait for a slot (concurrency ${concurrency}, policy ${policy.name})`);
  }
  lines.push(
    ...section('waiting', waiting(run), counts.waiting, (task) => `${nameOf(task)} for ${plain(awaitedBy(run, task))}`),
  );
  lines.push(...section('failed', failed(run), counts.failed, (task) => `${nameOf(task)}: ${errorOf(run, task)}`));
  lines.push(
    ...section(
      'running',
      running,
      counts.running,
      (task) => `${nameOf(task)} since ${clock(scheduler.startedAt(task) ?? 0)}`,
    ),
  );
  // Last, as the Web UI is apt to cut the last line off.
  lines.push('', `as of ${clock(now)}`);
  return lines.join('\n');
}

/** The pane of the Web UI is low: the list is dense, and what asks for somebody comes first. */
function section(title: string, tasks: Iterable<number>, count: number, lineOf: (task: number) => string): string[] {
  if (count === 0) return [];
  const lines = [`- ${title}:`];
  let named = 0;
  for (const task of tasks) {
    if (named === NAMED) break;
    named++;
    lines.push(`  - ${lineOf(task)}`);
  }
  if (count > named) lines.push(`  - and ${count - named} more`);
  return lines;
}

function* failed(run: LiveRun): Generator<number> {
  for (const task of run.record.tasksWithErrors()) if (run.scheduler.stateOf(task) === 'failed') yield task;
}

function* waiting({ scheduler, dag }: LiveRun): Generator<number> {
  for (let task = 0; task < dag.tasks.length; task++) if (scheduler.tasks.is(task, 'waiting')) yield task;
}

function awaitedBy({ scheduler, dag }: LiveRun, task: number): string {
  const { uses, with: settings } = dag.tasks[task]!;
  if (uses === 'approval') return 'an approval';
  if (uses === 'event') return `the event ${String(settings['event'])}`;
  const dueAt = scheduler.tasks.dueAt[task]!;
  return Number.isNaN(dueAt) ? 'its time' : isoTime(dueAt);
}

function errorOf(run: LiveRun, task: number): string {
  const error = run.record.errorOf(task);
  return error === undefined ? 'no error' : plain(`${error.code}: ${error.message}`.slice(0, LONGEST_ERROR));
}

/** Text from outside must not become Markdown. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|~]/g, '\\$&');
}

/** A task's name has no characters that would end it. */
function code(name: string): string {
  return `\`${name}\``;
}

/** The time of the day, in UTC. */
function clock(milliseconds: number): string {
  return `${isoTime(milliseconds).slice(11, 19)} UTC`;
}
