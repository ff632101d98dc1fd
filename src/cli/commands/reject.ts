import { doAct, type ActFlags } from '../do-act.js';

export interface RejectOptions extends ActFlags {
  readonly reason?: string;
}

/** `dagwright reject RUN TASK` */
export async function reject(runId: string, task: string, options: RejectOptions): Promise<number> {
  const { reason } = options;
  return doAct(runId, { type: 'reject', task, ...(reason === undefined ? {} : { reason }) }, options);
}
