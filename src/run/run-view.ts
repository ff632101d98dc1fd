import type { Dag, Task } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import { isoTime } from './iso-time.js';
import { heldSentences } from './held-tasks.js';
import { itemWords } from './item-words.js';
import type { ActRecord } from './act.js';
import { itemName } from './made-tasks.js';
import { estimatedEnd } from './remaining-time.js';
import type { Controls } from './controls.js';
import type { RunExpressions } from './run-expressions.js';
import type { RunRecord, RunFacts } from './run-record.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { RunEvent } from './run-event.js';
import type { RunLog } from './run-log.js';
import type { RunDescription, RunResult, TaskDescription } from './run.js';
import { subRunIdOf } from './started-task.js';
import { startedRunId } from './sub-run-end.js';
import type { UnderWay } from './under-way.js';

/** What is shown of a run. */
export interface ViewedRun {
  readonly runId: string;
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly record: RunRecord;
  readonly controls: Controls;
  readonly underWay: UnderWay;
  readonly expressions: RunExpressions;
  readonly acts: readonly ActRecord[];
  readonly pausedBy: { readonly at: number; readonly by?: string } | undefined;
  readonly takeOver: { readonly runId: string } | undefined;
  facts(): RunFacts;
  itemOf(task: number): Json | undefined;
}

/** The run now; with a range, of its tasks only those. */
export function describeRun(run: ViewedRun, from = 0, to = run.dag.tasks.length): RunDescription {
  const { scheduler, acts } = run;
  const facts = run.facts();
  const { runBeganAt, runEndedAt } = scheduler;
  const pause = pauseOf(run);
  // Of a description in parts the first one has it.
  const end = from === 0 ? estimatedEnd(run) : undefined;
  const held = from === 0 ? heldSentences(run.dag.name, scheduler) : [];
  return {
    runId: run.runId,
    dag: run.dag.name,
    state: scheduler.state,
    startedAt: isoTime(runBeganAt ?? 0),
    ...(runEndedAt === undefined ? {} : { endedAt: isoTime(runEndedAt) }),
    ...(end === undefined ? {} : { estimatedEnd: isoTime(end) }),
    ...(held.length === 0 ? {} : { held }),
    ...(pause === undefined ? {} : { pause }),
    ...(run.takeOver === undefined ? {} : { rerunOf: run.takeOver.runId }),
    concurrency: scheduler.concurrency,
    policy: scheduler.policy.name,
    ...(run.dag.pools === undefined ? {} : { pools: scheduler.ready.pools.use() }),
    ...(acts.length === 0 ? {} : { acts: [...acts] }),
    counts: Object.fromEntries(Object.entries(facts.counts).filter(([, count]) => count > 0)),
    tasks: run.record.tasks(facts, from, to).map((task, i) => Object.assign(task, seenOf(run, from + i))),
  };
}

function pauseOf({ scheduler, pausedBy }: ViewedRun): RunDescription['pause'] {
  const { pauseMode: mode, resumesAt } = scheduler;
  if (mode === undefined) return undefined;
  return {
    mode,
    at: isoTime(pausedBy?.at ?? scheduler.runBeganAt ?? 0),
    ...(pausedBy?.by === undefined ? {} : { by: pausedBy.by }),
    ...(resumesAt === undefined ? {} : { until: isoTime(resumesAt) }),
  };
}

/** What is shown of a task beyond its record. */
function seenOf(run: ViewedRun, task: number): Partial<TaskDescription> {
  const { runId, dag, scheduler, controls, record } = run;
  const definition = dag.tasks[task]!;
  const group = scheduler.itemsOf(task);
  const waitsFor = run.underWay.isRetrying(task) ? undefined : controls.waitsFor(task);
  const madeIn = scheduler.ready.groups.madeIn(task);
  const isSubRun = definition.uses === 'dag' && scheduler.startedAt(task) !== undefined && group === undefined;
  return {
    ...madeOf(definition, run.itemOf(task)),
    ...(madeIn === undefined ? {} : { group: madeIn }),
    ...(definition.finally === undefined ? {} : { finally: definition.finally }),
    ...(group === undefined
      ? {}
      : { fanOut: { items: group.size, ended: group.size - group.open, failed: group.failed } }),
    ...(waitsFor === undefined ? {} : { waitsFor }),
    ...(isSubRun ? { subRun: startedRunId(subRunIdOf(runId, definition), record.attemptsOf(task)) } : {}),
  };
}

function madeOf({ made }: Task, value: Json | undefined): Pick<TaskDescription, 'item' | 'compensates'> {
  if (made === undefined) return {};
  const { of, item, undoes } = made;
  if (undoes === true) return { compensates: item === undefined ? of : itemName(of, item) };
  if (item === undefined) return {};
  const words = itemWords(value);
  return { item: { of, index: item, ...(words === undefined ? {} : { value: words }) } };
}

/** What happened, oldest first. */
export function historyOf({ dag, scheduler, record, acts, indexOf }: HistoryRun, log: RunLog): RunEvent[] {
  const events = [...log.events((task) => dag.tasks[task]?.name ?? '')];
  let act = acts.length;
  const failed = new Set<string>();
  for (let i = events.length - 1; i >= 0; i--) {
    const event = events[i]!;
    if (event.event === 'act') events[i] = { ...event, ...wordsOf(acts[--act]) };
    else if (event.event === 'run.ended') events[i] = { ...event, message: scheduler.state };
    else if (event.event === 'task.failed' && !failed.has(event.task ?? '')) {
      // Only the latest error is known.
      failed.add(event.task ?? '');
      const error = record.errorOf(indexOf(event.task ?? '') ?? -1);
      if (error !== undefined) events[i] = { ...event, message: `${error.code}: ${error.message}` };
    }
  }
  return events;
}

type HistoryRun = Pick<ViewedRun, 'dag' | 'scheduler' | 'record' | 'acts'> & {
  readonly indexOf: (name: string) => number | undefined;
};

function wordsOf(act: ActRecord | undefined): Partial<RunEvent> {
  if (act === undefined) return {};
  const { task, by, message } = act;
  return { ...(task === undefined ? {} : { task }), ...(by === undefined ? {} : { by }), message };
}

/** How the run ended. */
export function resultOf(run: ViewedRun): RunResult {
  const result = run.record.result(run.runId, run.facts());
  const tasks = { ...result.tasks };
  run.dag.tasks.forEach(({ name }, task) => {
    const { waitsFor: _, ...seen } = seenOf(run, task);
    tasks[name] = { ...tasks[name]!, ...seen };
  });
  const outputs = outputsOf(run);
  return {
    ...result,
    tasks,
    ...(outputs === undefined ? {} : { outputs }),
    ...(run.takeOver === undefined ? {} : { rerunOf: run.takeOver.runId }),
    ...(run.acts.length === 0 ? {} : { acts: [...run.acts] }),
  };
}

/** What the run gives: of an output that cannot be evaluated, null. */
function outputsOf({ dag, expressions }: ViewedRun): JsonObject | undefined {
  if (dag.outputs === undefined) return undefined;
  const values = Object.entries(dag.outputs).map(([name, given]): [string, Json] => {
    const evaluated = expressions.handedOn(NO_TASK, given, `\`${name}\` of \`outputs\``);
    return [name, 'error' in evaluated ? null : evaluated.value];
  });
  return Object.fromEntries(values);
}

/** An expression that stands outside of every task. */
const NO_TASK = -1;
