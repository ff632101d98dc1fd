import type { Scheduler } from '../dag/scheduler.js';

/**
 * Why ready tasks wait for what comes from outside of the run, a sentence each: for its turn among those of its dag, a worker
 * group, pools that others have. Nothing where it is only room that they wait for, and others of the run go on.
 */
export function heldSentences(dag: string, scheduler: Scheduler): string[] {
  const { ready, tasks, isHeldBack } = scheduler;
  if (scheduler.state !== 'running') return [];
  if (isHeldBack) return [`waits for its turn: as many runs of ${dag} go on as may (maxRuns)`];
  if (ready.parked === 0) return [];
  let homeless = 0;
  let leased = 0;
  for (let task = 0; task < tasks.size; task++) {
    if (!tasks.is(task, 'ready')) continue;
    if (ready.awaitsGroup(task) && !ready.groups.hasGroupFor(task)) homeless++;
    else if (ready.awaitsLease(task)) leased++;
  }
  const sentences: string[] = [];
  if (homeless > 0) {
    const none = ready.groups.groups.length === 0;
    sentences.push(
      none
        ? `${waits(homeless)} for a worker group: none lives`
        : `${waits(homeless)} for a worker group: none that lives has what is required`,
    );
  }
  if (leased > 0 && scheduler.running === 0) sentences.push(`${waits(leased)} for pools that runs share`);
  return sentences;
}

function waits(tasks: number): string {
  return tasks === 1 ? '1 task waits' : `${tasks} tasks wait`;
}
