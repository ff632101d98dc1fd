import type { Json } from '../../dag/json.js';
import { doAct, type ActFlags } from '../do-act.js';
import { parseJson } from '../read-json.js';
import { readText } from '../read-text.js';

export interface CompleteOptions extends ActFlags {
  /** As JSON. */
  readonly output?: string;
  readonly outputFile?: string;
}

/** `dagwright complete RUN TASK` */
export async function complete(runId: string, task: string, options: CompleteOptions): Promise<number> {
  const output = await outputOf(options);
  return doAct(runId, { type: 'completeTask', task, ...(output === undefined ? {} : { output }) }, options);
}

async function outputOf({ output, outputFile }: CompleteOptions): Promise<Json | undefined> {
  if (output !== undefined) return parseJson(output, 'The value of --output', '--output');
  if (outputFile === undefined) return undefined;
  return parseJson(await readText(outputFile), `The file ${outputFile}`, '--output');
}
