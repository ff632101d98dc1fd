import { doAct, type ActFlags } from '../do-act.js';

/** `dagwright resume RUN [TASK]` */
export async function resume(runId: string, task: string | undefined, options: ActFlags): Promise<number> {
  return doAct(runId, task === undefined ? { type: 'resume' } : { type: 'resumeTask', task }, options);
}
