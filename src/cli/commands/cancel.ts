import { DagwrightError } from '../../dag/errors.js';
import { doAct, type ActFlags } from '../do-act.js';

export interface CancelOptions extends ActFlags {
  readonly reason?: string;
  /** Left out: as the dag says. */
  readonly compensate?: boolean;
}

/** `dagwright cancel RUN [TASK]` */
export async function cancel(runId: string, task: string | undefined, options: CancelOptions): Promise<number> {
  const { reason, compensate } = options;
  if (task === undefined) {
    const given = {
      ...(reason === undefined ? {} : { reason }),
      ...(compensate === undefined ? {} : { compensate }),
    };
    return doAct(runId, { type: 'cancel', ...given }, options);
  }
  if (reason !== undefined) {
    throw new DagwrightError('USAGE', 'A reason is kept of a cancelled run only.', {
      hint: 'Leave out --reason, or the task.',
    });
  }
  if (compensate !== undefined) {
    throw new DagwrightError('USAGE', 'Only at the end of a run is undone what its tasks did.', {
      hint: 'Leave out --compensate and --no-compensate, or the task.',
    });
  }
  return doAct(runId, { type: 'cancelTask', task }, options);
}
