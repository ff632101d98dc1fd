import { getExternalWorkflowHandle, ParentClosePolicy, sleep, startChild } from '@temporalio/workflow';
import type { WorkerGroup } from '../dag/worker-group.js';
import {
  liveGroupsIn,
  REGISTRY_WORKFLOW,
  registryIdOf,
  subscribeSignal,
  unsubscribeSignal,
  type LiveGroupsMessage,
  type RegistryInput,
} from './group-messages.js';

/** Milliseconds before a run first asks again: a registry that somebody ended knows no runs. */
const FIRST_WAIT = 60_000;
/** The wait doubles up to this: an hour. */
const LONGEST_WAIT = 3_600_000;
/** Milliseconds before the next try, where the registry could not be had. They double, too. */
const TRY_AGAIN = 1_000;

/** A run's view of the worker groups that live: it asks the registry, and is told of each change. */
export class LiveGroups {
  readonly #runId: string;
  readonly #taskQueue: string;
  readonly #onChange: (groups: readonly WorkerGroup[]) => void;
  #known: LiveGroupsMessage | undefined;
  /** Signals and starts that the server has not answered. */
  #unanswered = 0;
  #closed = false;

  /**
   * @param taskQueue The base task queue: that of the run itself.
   * @param onChange Is told of all groups that live: at first, and whenever they are others. Called from a signal's handler.
   * @param carried What the run's execution before this one knew: `onChange` is not told of it again.
   */
  constructor(
    runId: string,
    taskQueue: string,
    onChange: (groups: readonly WorkerGroup[]) => void,
    carried?: LiveGroupsMessage,
  ) {
    this.#runId = runId;
    this.#taskQueue = taskQueue;
    this.#onChange = onChange;
    this.#known = carried;
  }

  /** Asks, and asks again now and then. Not for a scope that the run's cancellation reaches. */
  begin(): void {
    void this.#ask();
  }

  /** Takes what came with a `groupsChangedSignal`. What makes no sense, or is old, is dropped. */
  changedBySignal(message: unknown): void {
    const news = liveGroupsIn(message);
    if (news === undefined || this.#closed || news.at <= (this.#known?.at ?? -1)) return;
    const isSame = JSON.stringify(news.groups) === JSON.stringify(this.#known?.groups);
    this.#known = news;
    if (!isSame) this.#onChange(news.groups);
  }

  /** Whether the server has answered all, as it must have before the run continues as new. */
  settled(): boolean {
    return this.#unanswered === 0;
  }

  snapshot(): LiveGroupsMessage | undefined {
    return this.#known;
  }

  /** The run ends: it wants to hear no more. */
  async close(): Promise<void> {
    this.#closed = true;
    // Where there is no registry, nobody will tell it anything.
    await this.#answered(this.#registry().signal(unsubscribeSignal, this.#runId)).catch(() => undefined);
  }

  async #ask(): Promise<void> {
    let wait = 0;
    let wasTold: boolean | undefined;
    while (!this.#closed) {
      const isTold = await this.#subscribe();
      const first = isTold ? FIRST_WAIT : TRY_AGAIN;
      wait = isTold === wasTold ? Math.min(2 * wait, LONGEST_WAIT) : first;
      wasTold = isTold;
      await sleep(wait, { summary: 'a look at the worker groups' });
    }
  }

  /** Whether the registry was told; one that is missing is started. */
  async #subscribe(): Promise<boolean> {
    if (await this.#told()) return true;
    const started = startChild<(input: RegistryInput) => Promise<void>>(REGISTRY_WORKFLOW, {
      workflowId: registryIdOf(this.#taskQueue),
      taskQueue: this.#taskQueue,
      args: [{}],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: 'ABANDON',
    });
    // Somebody else may have been faster.
    await this.#answered(started).catch(() => undefined);
    return this.#told();
  }

  async #told(): Promise<boolean> {
    const known = this.#known === undefined ? {} : { known: this.#known.at };
    const signal = this.#registry().signal(subscribeSignal, { runId: this.#runId, ...known });
    return this.#answered(signal).then(
      () => true,
      () => false,
    );
  }

  #registry(): ReturnType<typeof getExternalWorkflowHandle> {
    return getExternalWorkflowHandle(registryIdOf(this.#taskQueue));
  }

  async #answered<T>(what: Promise<T>): Promise<T> {
    this.#unanswered++;
    try {
      return await what;
    } finally {
      this.#unanswered--;
    }
  }
}
