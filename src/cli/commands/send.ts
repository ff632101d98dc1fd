import { doAct, type ActFlags } from '../do-act.js';
import { readJson } from '../read-json.js';

export interface SendOptions extends ActFlags {
  /** JSON, `@file`, or `-`. */
  readonly payload?: string;
}

/** `dagwright send RUN EVENT` */
export async function send(runId: string, event: string, options: SendOptions): Promise<number> {
  const { payload } = options;
  const given = payload === undefined ? {} : { payload: await readJson(payload, '--payload') };
  return doAct(runId, { type: 'sendEvent', event, ...given }, options);
}
