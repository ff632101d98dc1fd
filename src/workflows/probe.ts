import { getExternalWorkflowHandle, sleep } from '@temporalio/workflow';
import { tasksEndedSignal } from './messages.js';

/** Milliseconds before the first look at a run of which nothing is told. */
const PROBE_INTERVAL = 60_000;
/** The wait between two looks doubles up to so many times the first: an hour. */
const LONGEST_PROBE = 60;

/** Asks at growing intervals whether a run is still there, until it is not, or nobody wants to know. */
export async function probe(
  runId: string,
  interval = PROBE_INTERVAL,
  { isWanted, onGone }: { readonly isWanted: () => boolean; readonly onGone: () => void },
): Promise<void> {
  for (let wait = interval; ; wait = Math.min(2 * wait, LONGEST_PROBE * interval)) {
    await sleep(wait, { summary: `a look at ${runId}`.slice(0, 200) });
    if (!isWanted()) return;
    try {
      await getExternalWorkflowHandle(runId).signal(tasksEndedSignal, []);
    } catch {
      return onGone();
    }
  }
}
