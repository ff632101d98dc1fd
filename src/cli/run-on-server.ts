import type { DagClient } from '../client/dag-client.js';
import type { RunHandle } from '../client/run-handle.js';
import { DagwrightError } from '../dag/errors.js';
import { needsUngrouped } from '../dag/scheduler-options.js';
import type { RunResult } from '../run/run.js';
import { findOrStartServer, type Server } from '../dev/stack.js';
import type { DagWorker } from '../worker/dag-worker.js';
import { EXIT } from './exit-code.js';
import { takeInterrupts } from './interrupt.js';
import { print, printError } from './output.js';
import { statusOfStart } from './progress/made-status.js';
import { watch } from './progress/watch.js';
import { reportResult } from './report-result.js';
import { priorityOf, type RunEnd, type RunRequest } from './run-request.js';
import { connect, webUrlOf } from './server.js';
import { quoted, sameServer } from './server-flags.js';

/** Runs the dag on Temporal: on the server that is set or runs nearby, else on one started here. */
export async function runOnServer(request: RunRequest): Promise<RunEnd> {
  return request.options.detach ? startAndLeave(request) : runToEnd(request);
}

async function startAndLeave(request: RunRequest): Promise<RunEnd> {
  const { config, options } = request;
  const { client, server } = await connect(config);
  try {
    const taskQueue = config.taskQueue;
    if (!(await isPolled(client, request, taskQueue))) printError(noWorkerWarning(request, taskQueue));
    const run = await start(client, request, taskQueue);
    const webUrl = webUrlOf(server, run.runId);
    if (!options.json) {
      print(`Run ${run.runId} is started. \`dagwright status ${run.runId}${sameServer(options)}\` shows it.`);
      if (webUrl !== undefined) print(`Web UI: ${webUrl}`);
    }
    return { code: EXIT.succeeded, answer: goingOn(request, run, taskQueue) };
  } finally {
    await client.close();
  }
}

async function runToEnd(request: RunRequest): Promise<RunEnd> {
  const { config, view } = request;
  const interrupt = takeInterrupts();
  const server = await findOrStartServer(config, { onProgress: view.say });
  let staff: Staff | undefined;
  try {
    throwIfInterrupted(interrupt.signal);
    staff = await findOrStartWorker(request, server);
    throwIfInterrupted(interrupt.signal);
    const run = await start(staff.client, request, staff.taskQueue);
    const webUrl = webUrlOf(server, run.runId);
    if (webUrl !== undefined) view.say(`Web UI: ${webUrl}`);
    view.update(statusOfStart(request.dag, run.runId, Date.now()));
    return await watchToEnd(request, run, staff, server, interrupt.signal);
  } finally {
    await staff?.dismiss();
    await server.stop();
    interrupt.release();
  }
}

function throwIfInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new DagwrightError('INTERRUPTED', 'Interrupted before the run started.');
}

/** Who works on the run: a client, and a worker in this process where none else is there. */
interface Staff {
  readonly client: DagClient;
  readonly taskQueue: string;
  /** In this process. */
  readonly worker: DagWorker | undefined;
  /** Whether one elsewhere polls the task queue. */
  readonly workerElsewhere: boolean;
  dismiss(): Promise<void>;
}

async function findOrStartWorker(request: RunRequest, server: Server): Promise<Staff> {
  const { config, options, functions } = request;
  const hasFunctions = functions.length > 0;
  if (server.startedHere && options.worker) return hire(request, server, config.taskQueue);

  const { client } = await connect(config, server);
  const polled = await isPolled(client, request, config.taskQueue);
  if (!options.worker || (polled && !hasFunctions)) {
    if (!polled) request.view.say(noWorkerWarning(request, config.taskQueue));
    return {
      client,
      taskQueue: config.taskQueue,
      worker: undefined,
      workerElsewhere: polled,
      dismiss: () => client.close(),
    };
  }
  await client.close();
  const isShared = polled && options.taskQueue === undefined;
  if (!isShared) return hire(request, server, config.taskQueue);
  // Other workers would get some of the tasks, and may not have the functions.
  const taskQueue = `${config.taskQueue}-${request.dag.name}`;
  request.view.say(`Other workers poll ${config.taskQueue} and may lack the functions: this run uses ${taskQueue}.`);
  return hire(request, server, taskQueue);
}

/** What goes to worker groups is on task queues of their own. */
function isPolled(client: DagClient, { dag }: RunRequest, taskQueue: string): Promise<boolean> {
  return client.hasWorker(taskQueue, needsUngrouped(dag) ? 'tasks' : 'runs');
}

async function hire(request: RunRequest, server: Server, taskQueue: string): Promise<Staff> {
  const { DagWorker } = await import('../worker/dag-worker.js');
  const { address, namespace } = server;
  const { config, functions } = request;
  const worker = await DagWorker.start({
    address,
    namespace,
    taskQueue,
    functions,
    config,
    shutdownGrace: DETACH_GRACE,
  });
  // Where it failed, that was said already.
  const dismiss = (): Promise<void> => worker.shutdown().catch(() => undefined);
  return { client: worker.client, taskQueue, worker, workerElsewhere: false, dismiss };
}

/** Milliseconds that running tasks get to end at a detach: whoever pressed Ctrl-C waits for them. */
const DETACH_GRACE = 2_000;

function start(client: DagClient, request: RunRequest, taskQueue: string): Promise<RunHandle> {
  const { dag, params, options } = request;
  const priority = priorityOf(options);
  return client.start(dag, {
    params,
    taskQueue,
    sharedTaskQueue: request.config.taskQueue,
    cache: options.cache,
    ...(priority === undefined ? {} : { priority }),
    ...(options.runId === undefined ? {} : { runId: options.runId }),
  });
}

async function watchToEnd(
  request: RunRequest,
  run: RunHandle,
  staff: Staff,
  server: Server,
  interrupted: AbortSignal,
): Promise<RunEnd> {
  const { options, view } = request;
  const detached = new AbortController();
  const obey = (): void => {
    if (options.onInterrupt === 'detach') return detached.abort();
    view.say('Cancelling the run; Ctrl-C again quits at once.');
    run.cancel().catch((error: unknown) => view.say(`The run could not be cancelled: ${String(error)}`));
  };
  if (interrupted.aborted) obey();
  interrupted.addEventListener('abort', obey);
  let result: RunResult | undefined;
  try {
    result = await Promise.race([watch(run, view, detached.signal), failureOf(staff.worker)]);
  } finally {
    interrupted.removeEventListener('abort', obey);
    detached.abort();
  }
  if (result === undefined) {
    for (const line of comeBack(request, run.runId, staff, server)) printError(line);
    return { code: EXIT.detached, answer: goingOn(request, run, staff.taskQueue) };
  }
  const end = reportResult(request, result);
  if (!options.json) sayWhereItIs(server, webUrlOf(server, run.runId));
  return end;
}

/** The page of the run, for later; a server that ends with this command must be brought back first. */
function sayWhereItIs(server: Server, webUrl: string | undefined): void {
  if (webUrl !== undefined) print(`Web UI: ${webUrl}`);
  if (server.shared) {
    print('The server ends with the last command that uses it; `dagwright dev` brings it and this run back.');
  }
}

/** What `--json` says of a run that nobody waited for. */
function goingOn(request: RunRequest, run: RunHandle, taskQueue: string): object {
  return { runId: run.runId, dag: request.dag.name, status: 'running', taskQueue };
}

/** Fails when the worker in this process does; never ends otherwise. */
function failureOf(worker: DagWorker | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    worker?.stopped.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      reject(new DagwrightError('NO_WORKER', `The worker in this process failed: ${reason}`, { cause }));
    });
  });
}

/** What a person must know who leaves a run alone. */
function comeBack(request: RunRequest, runId: string, staff: Staff, server: Server): string[] {
  const lines = [`Detached from run ${runId}; Ctrl-C again quits at once.`];
  const flags = workerFlags(request, staff.taskQueue);
  if (server.shared && !staff.workerElsewhere) {
    lines.push(
      'The worker stops with this command, and the server with the last that uses it; the state of the run is kept.',
      `  dagwright dev${flags}    brings them back, and the run goes on`,
    );
  } else if (staff.worker !== undefined) {
    lines.push(
      'The worker stops with this command; the tasks left wait for another.',
      `  dagwright worker${flags}    starts one, and the run goes on`,
    );
  } else if (staff.workerElsewhere) {
    lines.push('It goes on without this command.');
  } else {
    lines.push('It waits for a worker.', `  dagwright worker${flags}    starts one, and the run goes on`);
  }
  const where = `${runId}${sameServer(request.options)}`;
  lines.push(`  dagwright status ${where}    shows it`, `  dagwright cancel ${where}    ends it`);
  return lines;
}

/** The flags of `worker` and `dev` that make a worker for this run. */
function workerFlags({ options, functionFiles }: RunRequest, taskQueue: string): string {
  const functions = functionFiles.map((file) => ` --functions ${quoted(file)}`).join('');
  const queue = taskQueue === 'dagwright' ? '' : ` --task-queue ${quoted(taskQueue)}`;
  return `${functions}${queue}${sameServer(options)}`;
}

function noWorkerWarning(request: RunRequest, taskQueue: string): string {
  const command = `dagwright worker${workerFlags(request, taskQueue)}`;
  return `warning NO_WORKER: No worker polls the task queue ${taskQueue}; the run waits for one (\`${command}\`).`;
}
