import { doAct, type ActFlags } from '../do-act.js';

export interface RetryOptions extends ActFlags {
  readonly dependents: boolean;
}

/** `dagwright retry RUN TASK` */
export async function retry(runId: string, task: string, options: RetryOptions): Promise<number> {
  return doAct(runId, { type: 'retryTask', task, dependents: options.dependents }, options);
}
