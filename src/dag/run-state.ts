/** The states of a run, in the order of its life. */
export const RUN_STATES = ['running', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled', 'timed_out'] as const;

/** The state of a run. The last four are final. */
export type RunState = (typeof RUN_STATES)[number];

/** The states that a run never leaves. */
export type RunEndState = 'succeeded' | 'failed' | 'cancelled' | 'timed_out';

/** Whether a run in this state has ended. */
export function isRunEnd(state: RunState): state is RunEndState {
  return RUN_STATES.indexOf(state) >= RUN_STATES.indexOf('succeeded');
}

/** How a pause treats tasks that run: `drain` lets them end, `interrupt` cancels them and starts them again at resume. */
export type PauseMode = 'drain' | 'interrupt';
