import type { Rerun } from '../../client/rerun.js';
import { DagwrightError } from '../../dag/errors.js';
import { EXIT } from '../exit-code.js';
import { print, printError, printJson } from '../output.js';
import { withClient } from '../server.js';
import { quoted, sameServer, type ServerFlags } from '../server-flags.js';
import { watch } from './watch.js';

export interface RerunFlags extends ServerFlags {
  readonly from?: readonly string[];
  readonly all?: true;
  readonly upstream?: true;
  readonly downstream?: boolean;
  readonly runId?: string;
  readonly detach?: true;
  readonly json?: true;
}

/** Tasks that a line names. */
const NAMED = 10;

/** `dagwright rerun RUN`: starts the new run, and watches it to its end. */
export async function rerun(oldRunId: string, flags: RerunFlags): Promise<number> {
  const { from = [], all = false, upstream = false, downstream = true } = flags;
  if (flags.runId === oldRunId) {
    throw new DagwrightError('RUN_ID_TAKEN', `A rerun is a new run: ${oldRunId} is the id of the old one.`, {
      hint: 'Choose another --run-id, or leave it out.',
    });
  }
  const say = flags.json ? printError : print;
  const { prepared, runId, taskQueue } = await withClient(flags, async ({ client }) => {
    const prepared = await client.prepareRerun(oldRunId, { from, all, upstream, downstream });
    const taskQueue = flags.taskQueue ?? prepared.taskQueue;
    if (!(await client.hasWorker(taskQueue))) printError(noWorkerWarning(taskQueue, flags));
    const run = await client.rerun(prepared, {
      taskQueue,
      ...(flags.runId === undefined ? {} : { runId: flags.runId }),
    });
    return { prepared, runId: run.runId, taskQueue };
  });
  const { dag, rerunOf, runs, again } = prepared;
  for (const line of linesOf(runId, prepared)) say(line);
  if (!flags.detach) return watch(runId, flags);
  if (flags.json) printJson({ runId, dag: dag.name, status: 'running', taskQueue, rerunOf, runs, again });
  else print(`\`dagwright watch ${runId}${sameServer(flags)}\` shows it.`);
  return EXIT.succeeded;
}

/** What the new run does, and what it takes over. */
function linesOf(runId: string, { rerunOf, dag, runs, again, takeOver }: Rerun): string[] {
  const taken = takeOver.tasks.length;
  const rest = taken === 0 ? '' : `; ${taken} ${taken === 1 ? 'is' : 'are'} taken over`;
  const lines = [`Run ${runId} is a rerun of ${rerunOf}: ${runs.length} of ${dag.tasks.length} tasks run${rest}.`];
  if (again.length > 0) {
    const more = again.length > NAMED ? `, and ${again.length - NAMED} more` : '';
    lines.push(
      `Only because an output was too large to be kept, these run: ${again.slice(0, NAMED).join(', ')}${more}.`,
    );
  }
  return lines;
}

function noWorkerWarning(taskQueue: string, flags: ServerFlags): string {
  const queue = taskQueue === 'dagwright' ? '' : ` --task-queue ${quoted(taskQueue)}`;
  const command = `dagwright worker${queue}${sameServer(flags)}`;
  return `warning NO_WORKER: No worker polls the task queue ${taskQueue}; the run waits for one (\`${command}\`).`;
}
