import type { Act, ActAnswer } from '../../run/act.js';
import { DagwrightError } from '../../dag/errors.js';
import type { Rate } from '../../dag/pools.js';
import { askFor, render, type ActFlags } from '../do-act.js';
import { EXIT } from '../exit-code.js';
import { print, printJson } from '../output.js';
import { withClient } from '../server.js';

export interface SetOptions extends ActFlags {
  readonly concurrency?: number;
  readonly policy?: string;
  readonly priority?: number;
  readonly pool?: readonly PoolSetting[];
}

/** A pool of the run, and its new size. */
export interface PoolSetting {
  readonly pool: string;
  readonly slots?: number;
  readonly rate?: Rate;
}

/** `dagwright set RUN [TASK]` */
export async function set(runId: string, task: string | undefined, options: SetOptions): Promise<number> {
  const acts = actsOf(task, options);
  const answers = await withClient(options, async ({ client }) => {
    const given: ({ readonly act: Act['type'] } & ActAnswer)[] = [];
    for (const act of acts) {
      // An id is one act's.
      const key = act.type === 'setPool' ? `setPool/${act.pool}` : act.type;
      const id = options.id === undefined || acts.length === 1 ? {} : { id: `${options.id}/${key}` };
      const answer = await askFor(client.get(runId), act, { ...options, ...id });
      given.push({ act: act.type, ...answer });
      if (!options.json) print(render(answer));
    }
    return given;
  });
  if (options.json) printJson({ runId, acts: answers });
  return EXIT.succeeded;
}

/** What the flags ask for, one act each. */
function actsOf(task: string | undefined, { concurrency, policy, priority, pool = [] }: SetOptions): Act[] {
  if ((task === undefined) !== (priority === undefined)) {
    throw new DagwrightError('USAGE', 'A priority is that of a task: --priority and a task go together.', {
      hint: 'For example `dagwright set RUN TASK --priority 10`, and `dagwright set RUN --concurrency 4`.',
    });
  }
  const acts: Act[] = [];
  if (concurrency !== undefined) acts.push({ type: 'setConcurrency', concurrency });
  if (policy !== undefined) acts.push({ type: 'setPolicy', policy });
  if (task !== undefined && priority !== undefined) acts.push({ type: 'setPriority', task, priority });
  for (const size of pool) acts.push({ type: 'setPool', ...size });
  if (acts.length > 0) return acts;
  throw new DagwrightError('USAGE', 'Nothing is to be set.', {
    hint: 'Say what: --concurrency, --policy, --pool, or a task and --priority.',
  });
}
