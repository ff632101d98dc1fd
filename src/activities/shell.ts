import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { Json, JsonObject } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import { followCheckpointFile } from './checkpoint-file.js';
import { endOrphans, endProcesses, newAttemptId } from './attempt-processes.js';
import { TaskFailure, type Handler, type TaskContext } from './handler.js';
import { MAXIMUM_OUTPUT_BYTES, outputInvalid, outputTooLarge } from './output.js';
import { ownProcessGroup } from './process-group.js';
import { followProgressFile } from './progress-file.js';
import { INHERITED_VARIABLES, shellEnvironment, writeExchangeFiles, type Environment } from './shell-environment.js';
import { Tail } from './tail.js';
import { workingFolderOf } from './working-folder.js';

const STDERR_BYTES = 4 * 1024;
const STDERR_LINES = 20;
/** How long what a script left running may still write, when the script itself has ended. */
const PIPE_GRACE = 1_000;
/** How long the last bytes of killed processes may take to the log. */
const DRAIN_GRACE = 5_000;

/** How a worker runs shell tasks. */
export interface ShellOptions {
  /** The worker's environment, from src/config.ts. */
  readonly environment: Environment;
  /** Further variables of it that scripts inherit, beside {@link INHERITED_VARIABLES}. */
  readonly inheritedVariables?: readonly string[];
  /** Where scripts run whose dag's folder is not on this machine. Default: the worker's working folder. */
  readonly workingFolder?: string;
  /** Milliseconds between SIGTERM and SIGKILL when a task is stopped. Default 5,000. */
  readonly killGrace?: number;
}

/** How the script of each shell is run: the first command that fails ends it, as in other CI and workflow tools. */
const SHELLS: Readonly<Record<string, readonly string[]>> = {
  sh: ['-e', '-c'],
  bash: ['-e', '-o', 'pipefail', '-c'],
};

/**
 * The handler of `uses: shell`: a script in its own process group. Whatever way the attempt ends, no process of the
 * group is left; where it is stopped, none that left the group either (on Linux). The script's output goes to the
 * attempt's log; JSON that it writes to `$DAGWRIGHT_OUTPUT` is the task's output; lines that it appends to
 * `$DAGWRIGHT_PROGRESS` say how far it is; what it leaves in `$DAGWRIGHT_CHECKPOINT`, the next attempt finds there.
 * @throws TaskFailure SHELL_EXIT (details: `exitCode` or `signal`, and `stderr`, the last 20 lines), SHELL_SPAWN,
 *   TASK_INPUT_INVALID, TASK_OUTPUT_INVALID, TASK_OUTPUT_TOO_LARGE.
 */
export function createShellHandler(options: ShellOptions): Handler {
  const inherited = [...INHERITED_VARIABLES, ...(options.inheritedVariables ?? [])];
  const killGrace = options.killGrace ?? 5_000;
  return {
    name: 'shell',
    async run(call, context) {
      const { script, shell } = readSettings(call);
      const folder = await mkdtemp(join(tmpdir(), 'dagwright-task-'));
      try {
        const files = await writeExchangeFiles(folder, context);
        const attemptId = newAttemptId();
        const env = shellEnvironment(options.environment, inherited, call, context, files, attemptId);
        const where = await folderOf(call, options.workingFolder);
        await endLeftovers(context, killGrace);
        const child = await start([shell, ...(SHELLS[shell] ?? ['-c']), script], where, env);
        const progress = followProgressFile(files.progress, context);
        const checkpoint = followCheckpointFile(files.checkpoint, context, progress);
        try {
          await untilEnd(child, context, attemptId, killGrace);
        } finally {
          await progress.end();
          await checkpoint.end();
        }
        return await readOutput(files.output, context.masks === undefined);
      } finally {
        await rm(folder, { recursive: true, force: true }).catch(() => undefined);
      }
    },
  };
}

function readSettings(call: TaskCall): { script: string; shell: string } {
  const { run: script, shell = 'sh', cwd } = call.with;
  if (typeof script === 'string' && typeof shell === 'string' && (cwd === undefined || typeof cwd === 'string')) {
    return { script, shell };
  }
  const message = 'A shell task needs a script in `run`; `shell` and `cwd` are texts.';
  throw new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
}

/** The folder that the script runs in. */
async function folderOf(call: TaskCall, fallback: string | undefined): Promise<string> {
  const { folder, exists } = await workingFolderOf(call, fallback);
  if (exists) return folder;
  throw spawnFailure(`The folder ${folder} is not on this worker.`, true);
}

type Child = ChildProcessByStdio<null, Readable, Readable> & { readonly pid: number };

function start(command: readonly string[], cwd: string, env: Record<string, string>): Promise<Child> {
  const [program = 'sh', ...parameters] = command;
  return new Promise((onStarted, onFailed) => {
    try {
      const child = spawn(program, parameters, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      child.once('error', (cause: NodeJS.ErrnoException) => {
        const missing = cause.code === 'ENOENT';
        const why = missing ? `there is no program "${program}" on this worker` : (cause.code ?? cause.message);
        onFailed(spawnFailure(`The command could not be started: ${why}.`, true));
      });
      child.once('spawn', () => onStarted(child as Child));
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const why = code === 'E2BIG' ? 'the script, its variables or params are too long' : message;
      onFailed(spawnFailure(`The command could not be started: ${why}.`, false));
    }
  });
}

function spawnFailure(message: string, retryable: boolean): TaskFailure {
  return new TaskFailure({ code: 'SHELL_SPAWN', message }, { retryable });
}

/** What an earlier attempt left behind, its worker killed, must not run beside this one. */
async function endLeftovers(context: TaskContext, grace: number): Promise<void> {
  const ended = await endOrphans(context.idempotencyKey, { attempt: context.attempt, grace });
  if (ended > 0) context.log.write(`[dagwright] Ended ${ended} processes of an earlier attempt whose worker had died.`);
  context.signal.throwIfAborted();
}

/** Waits until the command has ended, its group with it, and its output is in the log. */
async function untilEnd(child: Child, context: TaskContext, attemptId: string, killGrace: number): Promise<void> {
  const group = ownProcessGroup(child.pid, attemptId);
  const stderr = new Tail(STDERR_BYTES, STDERR_LINES);
  const piped = Promise.all([pipe(child.stdout, context, undefined), pipe(child.stderr, context, stderr)]);
  let kill: NodeJS.Timeout | undefined;
  let killed: (() => void) | undefined;
  let endRest: (() => Promise<void>) | undefined;
  const stop = (): void => {
    const killAt = performance.now() + killGrace;
    group.signal('SIGTERM');
    const strays = endProcesses(attemptId, killAt, child.pid);
    // The script may have started more of them while it cleaned up.
    endRest = () => strays.then(() => endProcesses(attemptId, killAt));
    kill = setTimeout(() => {
      group.signal('SIGKILL');
      killed?.();
    }, killGrace);
  };
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((onExit) => {
    child.once('exit', (code, signal) => onExit({ code, signal }));
  });
  try {
    if (context.signal.aborted) stop();
    else context.signal.addEventListener('abort', stop, { once: true });
    const end = await exited;
    // Others of the group may hold the pipes: they get the rest of the grace, or a moment, to finish.
    await within(kill === undefined ? PIPE_GRACE : killGrace, piped, (done) => (killed = done));
    group.end();
    await within(DRAIN_GRACE, piped);
    if (end.code !== 0) throw exitFailure(end.code, end.signal, stderr.lines());
  } finally {
    context.signal.removeEventListener('abort', stop);
    clearTimeout(kill);
    group.end();
    child.stdout.destroy();
    child.stderr.destroy();
    await endRest?.();
  }
}

/** Waits for the promise, but no longer than `milliseconds`, nor than until `giveUp` is called. */
async function within(
  milliseconds: number,
  promise: Promise<unknown>,
  takeGiveUp: (giveUp: () => void) => void = () => undefined,
): Promise<void> {
  const over = new AbortController();
  takeGiveUp(() => over.abort());
  const limit = wait(milliseconds, undefined, { signal: over.signal }).catch(() => undefined);
  await Promise.race([promise, limit]);
  over.abort();
}

async function pipe(stream: Readable, context: TaskContext, tail: Tail | undefined): Promise<void> {
  // Each stream by itself: what the other one says in between must not break a secret in two.
  const masked = context.masks?.stream();
  const take = async (bytes: Uint8Array): Promise<void> => {
    if (bytes.length === 0) return;
    tail?.append(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    await context.log.append(bytes);
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) await take(masked?.push(chunk) ?? chunk);
  } catch {
    // The pipe was given up: a process that left the group still holds it.
  }
  if (masked !== undefined) await take(masked.end());
}

function exitFailure(code: number | null, signal: NodeJS.Signals | null, lines: readonly string[]): TaskFailure {
  const last = lines.at(-1);
  const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
  const end: JsonObject = signal === null ? { exitCode: code } : { signal };
  return new TaskFailure({
    code: 'SHELL_EXIT',
    message: last === undefined ? how : `${how}: ${last.length > 500 ? `${last.slice(0, 500)}...` : last}`,
    details: { ...end, stderr: lines.join('\n') },
  });
}

/** @param mayQuote whether the error may quote a piece of the text, which could be a piece of a secret. */
async function readOutput(path: string, mayQuote: boolean): Promise<Json | undefined> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return undefined;
  if (!entry.isFile()) throw outputInvalid('$DAGWRIGHT_OUTPUT is no longer a file.');
  if (entry.size > MAXIMUM_OUTPUT_BYTES) throw outputTooLarge();
  const file = await open(path, 'r');
  try {
    const text = await file.readFile('utf8');
    return text.trim() === '' ? undefined : (JSON.parse(text) as Json);
  } catch (cause) {
    const why = mayQuote ? `: ${cause instanceof Error ? cause.message : String(cause)}` : '.';
    throw outputInvalid(`$DAGWRIGHT_OUTPUT is not JSON${why}`);
  } finally {
    await file.close();
  }
}
