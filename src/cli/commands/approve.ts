import { doAct, type ActFlags } from '../do-act.js';
import { readJson } from '../read-json.js';

export interface ApproveOptions extends ActFlags {
  /** JSON, `@file`, or `-`. */
  readonly form?: string;
}

/** `dagwright approve RUN TASK` */
export async function approve(runId: string, task: string, options: ApproveOptions): Promise<number> {
  const { form } = options;
  const given = form === undefined ? {} : { form: await readJson(form, '--form') };
  return doAct(runId, { type: 'approve', task, ...given }, options);
}
