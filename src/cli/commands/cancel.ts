import { DagwrightError } from '../../dag/errors.js';
import { doAct, type ActFlags } from '../do-act.js';

export interface CancelOptions extends ActFlags {
  readonly reason?: string;
}

/** `dagwright cancel RUN [TASK]` */
export async function cancel(runId: string, task: string | undefined, options: CancelOptions): Promise<number> {
  const { reason } = options;
  if (task === undefined) {
    return doAct(runId, { type: 'cancel', ...(reason === undefined ? {} : { reason }) }, options);
  }
  if (reason !== undefined) {
    throw new DagwrightError('USAGE', 'A reason is kept of a cancelled run only.', {
      hint: 'Leave out --reason, or the task.',
    });
  }
  return doAct(runId, { type: 'cancelTask', task }, options);
}
