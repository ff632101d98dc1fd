import { randomUUID } from 'node:crypto';
import { WORKER_IDENTITY } from '../activities/worker-identity.js';
import { DagwrightError } from '../dag/errors.js';
import { LABEL_PATTERN } from '../dag/label.js';
import { GROUP_PATTERN } from '../dag/worker-group.js';
import { MOST_LABELS, type JoiningWorker } from '../workflows/group-messages.js';

/** The group that a worker belongs to, and what the worker has that tasks may require. */
export interface GroupOptions {
  /** A letter or digit, then letters, digits and `._-`, 64 in all. */
  readonly name: string;
  /** How fast it is: a task takes its estimate divided by this. Default 1. */
  readonly speed?: number;
  /** At most 20. Default: none. */
  readonly labels?: readonly string[];
  /** Cores. Default: no limit. */
  readonly cpu?: number;
  /** Bytes. Default: no limit. */
  readonly memory?: number;
  /** What a slot costs for an hour, in any unit. Default 0. */
  readonly cost?: number;
  /** It gets tasks only while no other group that could run them lives. Default false. */
  readonly standby?: boolean;
}

/**
 * The worker as it joins.
 * @throws DagwrightError CONFIG_INVALID where the group makes no sense.
 */
export function joiningWorker(slots: number, group?: GroupOptions): JoiningWorker {
  const id = `${WORKER_IDENTITY}-${randomUUID().slice(0, 8)}`;
  const { name, speed = 1, labels = [], cpu, memory, cost = 0, standby } = group ?? {};
  if (name !== undefined && !GROUP_PATTERN.test(name)) {
    refuse(`"${name.slice(0, 70)}" cannot be the name of a worker group.`);
  }
  if (labels.length > MOST_LABELS) refuse(`A worker has at most ${MOST_LABELS} labels.`);
  const wrong = labels.find((label) => !LABEL_PATTERN.test(label));
  if (wrong !== undefined) refuse(`"${wrong.slice(0, 130)}" cannot be a label of a worker group.`);
  for (const [what, amount] of Object.entries({ speed, cpu, memory })) {
    if (amount !== undefined && !(amount > 0 && Number.isFinite(amount))) refuse(`A group's ${what} must be above 0.`);
  }
  if (!(cost >= 0 && Number.isFinite(cost))) refuse("A group's cost must be at least 0.");
  return {
    id,
    identity: WORKER_IDENTITY,
    ...(name === undefined ? {} : { group: name }),
    slots,
    speed,
    labels: [...new Set(labels)].toSorted(),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
    ...(cost === 0 ? {} : { cost }),
    ...(standby === true ? { standby } : {}),
  };
}

function refuse(message: string): never {
  throw new DagwrightError('CONFIG_INVALID', message, { hint: 'See docs/worker-groups.md.' });
}
