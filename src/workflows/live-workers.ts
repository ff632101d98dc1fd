import type { WorkerGroup } from '../dag/worker-group.js';
import type { JoiningWorker } from './group-messages.js';

/** A worker that is there. */
export interface PresentWorker {
  readonly worker: JoiningWorker;
  /** It takes no more tasks: it has no slots, but its tasks still run in its group. */
  readonly leaving: boolean;
}

/**
 * The groups that these workers make, by name. Of a group: the sum of the slots, cores and bytes, these without a limit
 * where one of its workers has none; the mean speed and cost of a slot; the labels that all its workers have. It stands by
 * where all of them do.
 */
export function groupsOf(present: Iterable<PresentWorker>): WorkerGroup[] {
  const members = new Map<string, PresentWorker[]>();
  for (const one of present) {
    const { group } = one.worker;
    if (group === undefined) continue;
    const others = members.get(group);
    if (others === undefined) members.set(group, [one]);
    else others.push(one);
  }
  const names = [...members.keys()].toSorted();
  return names.map((name) => groupOf(name, members.get(name) ?? []));
}

function groupOf(name: string, present: readonly PresentWorker[]): WorkerGroup {
  const staying = present.filter(({ leaving }) => !leaving).map(({ worker }) => worker);
  const workers = staying.length > 0 ? staying : present.map(({ worker }) => worker);
  const labels = workers.reduce<readonly string[]>(
    (common, worker) => common.filter((label) => worker.labels.includes(label)),
    workers[0]?.labels ?? [],
  );
  const cpu = sum(workers, (worker) => worker.cpu ?? Infinity);
  const memory = sum(workers, (worker) => worker.memory ?? Infinity);
  const cost = mean(workers, (worker) => worker.cost ?? 0);
  return {
    name,
    slots: sum(staying, (worker) => worker.slots),
    speed: mean(workers, (worker) => worker.speed),
    labels: labels.toSorted(),
    ...(Number.isFinite(cpu) ? { cpu } : {}),
    ...(Number.isFinite(memory) ? { memory } : {}),
    ...(cost === 0 ? {} : { cost }),
    ...(workers.every(({ standby }) => standby === true) ? { standby: true } : {}),
  };
}

function sum(workers: readonly JoiningWorker[], of: (worker: JoiningWorker) => number): number {
  return workers.reduce((total, worker) => total + of(worker), 0);
}

/** Of the slots. */
function mean(workers: readonly JoiningWorker[], of: (worker: JoiningWorker) => number): number {
  return sum(workers, (worker) => of(worker) * worker.slots) / sum(workers, ({ slots }) => slots);
}
