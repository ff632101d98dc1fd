import { DagwrightError } from '../../dag/errors.js';
import type { Json } from '../../dag/json.js';
import { doAct, type ActFlags } from '../do-act.js';
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
  if (output !== undefined) return jsonOf(output, 'The value of --output');
  if (outputFile === undefined) return undefined;
  return jsonOf(await readText(outputFile), `The file ${outputFile}`);
}

function jsonOf(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new DagwrightError('USAGE', `${what} is not JSON: ${(cause as Error).message}`, {
      hint: `A text needs its quotes: --output '"done"'.`,
      cause,
    });
  }
}
