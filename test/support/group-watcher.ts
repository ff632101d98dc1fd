// A workflow for tests, in the place of a run that uses worker groups.
import { condition, continueAsNew, defineQuery, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import type { WorkerGroup } from '../../src/dag/worker-group.js';
import { groupsChangedSignal, type LiveGroupsMessage } from '../../src/workflows/group-messages.js';
import { LiveGroups } from '../../src/workflows/live-groups.js';

/** All that the watcher was told, one after the other. */
export const seenQuery = defineQuery<readonly (readonly WorkerGroup[])[]>('seen');
export const goOnSignal = defineSignal('goOn');
export const endSignal = defineSignal('end');

interface Carried {
  readonly seen: readonly (readonly WorkerGroup[])[];
  readonly known: LiveGroupsMessage | undefined;
}

export async function watchGroups(taskQueue: string, carried?: Carried): Promise<void> {
  const seen = [...(carried?.seen ?? [])];
  let next: 'goOn' | 'end' | undefined;
  const groups = new LiveGroups(
    workflowInfo().workflowId,
    taskQueue,
    (live) => void seen.push(live),
    carried?.known ?? undefined,
  );
  setHandler(seenQuery, () => seen);
  setHandler(groupsChangedSignal, (message: unknown) => groups.changedBySignal(message));
  setHandler(goOnSignal, () => void (next = 'goOn'));
  setHandler(endSignal, () => void (next = 'end'));
  groups.begin();
  await condition(() => next !== undefined && groups.settled());
  if (next === 'goOn') await continueAsNew<typeof watchGroups>(taskQueue, { seen, known: groups.snapshot() });
  await groups.close();
}
