import type { Dag, Task } from '../dag/dag.js';
import type { WorkerGroup } from '../dag/worker-group.js';

/** A worker group of one slot for each speed, each of which runs every task of these dags. */
export function singleSlots(speeds: readonly number[], dags: readonly Dag[]): WorkerGroup[] {
  const labels = [...new Set(dags.flatMap(({ tasks }) => tasks.flatMap(({ requires }) => requires?.labels ?? [])))];
  const digits = String(speeds.length).length;
  return speeds.map((speed, index) => {
    return { name: `w${String(index + 1).padStart(digits, '0')}`, slots: 1, speed, labels };
  });
}

/** A task that no group can ever run. */
export function taskWithoutGroup({ tasks }: Dag, groups: readonly WorkerGroup[]): Task | undefined {
  return tasks.find(({ requires }) => {
    if (requires === undefined) return false;
    const { labels = [], cpu = 0, memory = 0 } = requires;
    return !groups.some((group) => {
      const hasLabels = labels.every((label) => group.labels.includes(label));
      return hasLabels && cpu <= (group.cpu ?? Infinity) && memory <= (group.memory ?? Infinity);
    });
  });
}
