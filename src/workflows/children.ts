import {
  CancellationScope,
  ParentClosePolicy,
  ChildWorkflowCancellationType,
  condition,
  getExternalWorkflowHandle,
  setHandler,
  sleep,
  startChild,
} from '@temporalio/workflow';
import type { ActivityScope } from './activity-scope.js';
import { cancelTasksSignal, tasksEndedSignal, type Carried, type TaskEnd } from './messages.js';
import { startActivity, type TaskActivity } from './task-activity.js';

/** Tasks that one child workflow runs at most. */
const TASKS_PER_CHILD = 100;
/** Milliseconds between two looks at children that an earlier run of this workflow started: it was told nothing of them. */
const PROBE_INTERVAL = 60_000;
/** Characters of outputs in one signal; the server takes no payload over 2 MB. */
const SIGNAL_SIZE = 524_288;

/** What a child workflow is started with: tasks that are ready now, and the run to tell. */
export interface RunTasksInput {
  readonly runId: string;
  readonly activities: readonly TaskActivity[];
}

/**
 * Runs a few tasks for a run that may continue as new meanwhile, and signals their ends to it. A signal finds the run
 * by its id, whatever became of the execution that started this child.
 */
export async function runTasks({ runId, activities }: RunTasksInput): Promise<void> {
  const scopes = new Map<number, ActivityScope>();
  const outbox: TaskEnd[] = [];
  const cancel = (tasks: Iterable<number>): void => {
    for (const task of tasks) scopes.get(task)?.cancel();
  };
  setHandler(cancelTasksSignal, (tasks) => cancel(Array.isArray(tasks) ? tasks : []));
  CancellationScope.current().cancelRequested.catch(() => cancel(scopes.keys()));

  await CancellationScope.nonCancellable(async () => {
    for (const activity of activities) {
      scopes.set(
        activity.task,
        startActivity(activity, (end) => outbox.push(end)),
      );
    }
    const run = getExternalWorkflowHandle(runId);
    while (scopes.size > 0) {
      await condition(() => outbox.length > 0);
      const ends = outbox.splice(0, portionOf(outbox));
      for (const end of ends) scopes.delete(end.task);
      try {
        await run.signal(tasksEndedSignal, ends);
      } catch {
        // The run has ended (it was terminated): nobody needs the rest.
        cancel(scopes.keys());
      }
    }
  });
}

function portionOf(ends: readonly TaskEnd[]): number {
  let size = 0;
  let count = 0;
  while (count < ends.length && (count === 0 || size < SIGNAL_SIZE)) size += JSON.stringify(ends[count++]).length;
  return count;
}

/** The child workflows of a run, from the run's side. */
export class Children {
  readonly #runId: string;
  readonly #onEnd: (end: TaskEnd) => void;
  readonly #childOf = new Map<number, string>();
  #count: number;
  /** Starts and signals that the server has not answered. */
  #unanswered = 0;

  constructor(runId: string, carried: Carried | undefined, onEnd: (end: TaskEnd) => void) {
    this.#runId = runId;
    this.#onEnd = onEnd;
    this.#count = carried?.children ?? 0;
    for (const [task, child] of carried?.detached ?? []) this.#childOf.set(task, child);
  }

  /** Begins to look after the children of earlier executions. Not for a scope that the run's cancellation reaches. */
  begin(): void {
    if (this.#childOf.size > 0) void this.#probe([...new Set(this.#childOf.values())]);
  }

  snapshot(): Pick<Carried, 'detached' | 'children'> {
    return { detached: [...this.#childOf], children: this.#count };
  }

  /** The child workflows that have tasks, and the tasks, in the order in which they began. */
  names(): string[] {
    return [...new Set(this.#childOf.values())];
  }

  tasks(): Iterable<number> {
    return this.#childOf.keys();
  }

  start(activities: readonly TaskActivity[]): void {
    for (let first = 0; first < activities.length; first += TASKS_PER_CHILD) {
      const batch = activities.slice(first, first + TASKS_PER_CHILD);
      const child = `${this.#runId}/tasks-${++this.#count}`;
      for (const { task } of batch) this.#childOf.set(task, child);
      void this.#run(child, batch);
    }
  }

  cancel(task: number): void {
    const child = this.#childOf.get(task);
    if (child !== undefined) void this.#signal(child, [task]);
  }

  /** A child says that its task ended; false where that is no news. */
  ended(end: TaskEnd): void {
    if (this.#childOf.delete(end.task)) this.#onEnd(end);
  }

  /** Whether the server has answered all starts and signals, as it must have before the run continues as new. */
  settled(): boolean {
    return this.#unanswered === 0;
  }

  async #run(child: string, activities: readonly TaskActivity[]): Promise<void> {
    this.#unanswered++;
    try {
      const handle = await startChild(runTasks, {
        workflowId: child,
        args: [{ runId: this.#runId, activities }],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        cancellationType: ChildWorkflowCancellationType.ABANDON,
        staticSummary: `${activities.length} tasks of ${this.#runId}`,
      });
      this.#unanswered--;
      // A child tells of each task before it ends: what it has not told of by then is lost.
      await handle.result().catch(() => undefined);
    } catch {
      this.#unanswered--;
    }
    this.#lost(child);
  }

  async #signal(child: string, cancel: number[]): Promise<void> {
    this.#unanswered++;
    try {
      await getExternalWorkflowHandle(child).signal(cancelTasksSignal, cancel);
    } catch {
      this.#lost(child);
    } finally {
      this.#unanswered--;
    }
  }

  async #probe(children: readonly string[]): Promise<void> {
    for (let left = children; left.length > 0;) {
      await sleep(PROBE_INTERVAL);
      const busy = new Set(this.#childOf.values());
      left = left.filter((child) => busy.has(child));
      for (const child of left) void this.#signal(child, []);
    }
  }

  #lost(child: string): void {
    const error = { code: 'TASK_LOST', message: `The workflow ${child} that ran the task ended without a word of it.` };
    for (const [task, of] of this.#childOf) {
      if (of === child) this.ended({ task, outcome: 'failed', attempts: 1, error });
    }
  }
}
