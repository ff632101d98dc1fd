import { CancelledFailure, CancellationScope } from '@temporalio/workflow';

/**
 * Lets one activity, or timer, be cancelled. It is what the SDK asks of the scope that one is started in, and no more: a
 * CancellationScope of its own for each task makes seven promises, each with a stack trace, and that is most of what a
 * task costs a workflow.
 */
export class ActivityScope {
  readonly cancellable = true;
  #cancelled = false;
  #requestCancel: (reason: Error) => void = () => {};

  /** The SDK hands its request to cancel to this, as to the promise that a CancellationScope has here. */
  readonly cancelRequested = {
    catch: (requestCancel: (reason: Error) => void): void => {
      this.#requestCancel = requestCancel;
    },
  };

  get consideredCancelled(): boolean {
    return this.#cancelled;
  }

  /** Calls `start`, which starts the one activity or timer, in this scope. */
  run<T>(start: () => T): T {
    return CancellationScope.prototype.run.call(this, start as never) as T;
  }

  /** Asks it to stop. A second time changes nothing. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#requestCancel(new CancelledFailure('The task was cancelled.'));
  }

  /** CancellationScope.run calls this in the context of the scope. */
  protected runInContext<T>(start: () => T): T {
    return start();
  }
}
