import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { checkpointText } from './checkpoint-file.js';
import type { TaskContext } from './handler.js';
import { SECRET_VARIABLE_PREFIX } from './secrets.js';

/**
 * What a shell task inherits of its worker's environment, beside every `LC_*`: no secret of the worker leaks into it.
 * `DAGWRIGHT_SECRET_*` it never inherits, whatever the worker says.
 */
export const INHERITED_VARIABLES: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'TZ',
  'TMPDIR',
  'TERM',
];

/** The environment of a worker's process, as src/config.ts read it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The files in an attempt's own folder, through which a script and Dagwright talk. */
export interface ExchangeFiles {
  /** `DAGWRIGHT_OUTPUT`: what the script writes here is the task's output. */
  readonly output: string;
  /** `DAGWRIGHT_NEEDS`: the outputs of the tasks that this one needs, by name. */
  readonly needs: string;
  /** `DAGWRIGHT_PROGRESS`: the script appends lines here that say how far it is. */
  readonly progress: string;
  /** `DAGWRIGHT_CHECKPOINT`: what an earlier attempt left; what the script writes here is left for one that follows. */
  readonly checkpoint: string;
}

/** Makes the files in the folder. */
export async function writeExchangeFiles(folder: string, context: TaskContext): Promise<ExchangeFiles> {
  const files = {
    output: join(folder, 'output.json'),
    needs: join(folder, 'needs.json'),
    progress: join(folder, 'progress'),
    checkpoint: join(folder, 'checkpoint'),
  };
  await writeFile(files.needs, JSON.stringify(context.needs));
  if (context.lastCheckpoint !== undefined) await writeFile(files.checkpoint, checkpointText(context.lastCheckpoint));
  return files;
}

/** Characters of an item that a variable holds. The system takes 128 KiB for each. */
const LONGEST_ITEM = 32_768;

/**
 * The variables a script runs with: the inherited ones, the task's `env`, then Dagwright's own, of which
 * `DAGWRIGHT_PARAM_<NAME>` holds a param and, in a fan-out, `DAGWRIGHT_ITEM` the item: a string as it is, anything else as
 * JSON.
 * @param attemptId what the attempt's processes are found by; see attempt-processes.ts.
 */
export function shellEnvironment(
  worker: Environment,
  inherited: readonly string[],
  call: TaskCall,
  context: TaskContext,
  files: ExchangeFiles,
  attemptId: string,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(worker)) {
    if (value === undefined || name.startsWith(SECRET_VARIABLE_PREFIX)) continue;
    if (inherited.includes(name) || name.startsWith('LC_')) variables[name] = value;
  }
  Object.assign(variables, call.env);
  for (const [name, value] of Object.entries(context.params)) {
    variables[`DAGWRIGHT_PARAM_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`] = asText(value);
  }
  return Object.assign(variables, {
    DAGWRIGHT_RUN_ID: call.runId,
    DAGWRIGHT_DAG: call.dag,
    DAGWRIGHT_TASK: call.task,
    DAGWRIGHT_ATTEMPT: String(context.attempt),
    DAGWRIGHT_ATTEMPT_ID: attemptId,
    DAGWRIGHT_IDEMPOTENCY_KEY: context.idempotencyKey,
    DAGWRIGHT_OUTPUT: files.output,
    DAGWRIGHT_NEEDS: files.needs,
    DAGWRIGHT_PROGRESS: files.progress,
    DAGWRIGHT_CHECKPOINT: files.checkpoint,
    ...itemVariable(context.item),
    ...(context.index === undefined ? {} : { DAGWRIGHT_INDEX: String(context.index) }),
  });
}

/** A large item would keep the script from starting: it is left out, and `env` can take the part that is needed. */
function itemVariable(item: Json | undefined): Record<string, string> {
  const text = item === undefined ? '' : asText(item);
  return item === undefined || text.length > LONGEST_ITEM ? {} : { DAGWRIGHT_ITEM: text };
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
