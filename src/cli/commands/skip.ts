import { doAct, type ActFlags } from '../do-act.js';

/** `dagwright skip RUN TASK` */
export async function skip(runId: string, task: string, options: ActFlags): Promise<number> {
  return doAct(runId, { type: 'skipTask', task }, options);
}
