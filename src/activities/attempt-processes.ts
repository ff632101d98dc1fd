import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

// Processes leave the group of the command that started them (setsid, a double fork), but keep its environment. Linux
// shows that of each process, so an attempt's own are found by it, wherever they went. Elsewhere none is found.

/** The variable that marks whatever an attempt's script starts. */
const ATTEMPT_ID = 'DAGWRIGHT_ATTEMPT_ID';
/** The variable that tells the attempts of one task of one run from all others. */
const IDEMPOTENCY_KEY = 'DAGWRIGHT_IDEMPOTENCY_KEY';

const POLL_INTERVAL = 50;
/** How long what was killed may take to be gone; what is not ours to kill is left then. */
const KILL_PATIENCE = 2_000;
/** Milliseconds for which a look at all processes will do for attempts that are not likely to follow a lost one. */
const RECENT = 1_000;
/** Files read at once: the libuv pool has four threads. */
const READERS = 4;

interface MarkedProcess {
  readonly pid: number;
  readonly group: number;
  readonly attemptId: string;
  readonly idempotencyKey: string | undefined;
}

/** A new id of an attempt. It names this process, so that others can see whether anybody still looks after the attempt. */
export function newAttemptId(): string {
  return `${process.pid}.${ownStart()}.${randomUUID()}`;
}

/**
 * Ends the processes of an attempt, wherever they went: SIGTERM, then SIGKILL. Returns when none is left.
 * @param killAt when SIGKILL is due, by `performance.now()`.
 * @param otherThan a group that is looked after elsewhere.
 */
export async function endProcesses(attemptId: string, killAt: number, otherThan?: number): Promise<void> {
  await endAll((other) => other.attemptId === attemptId && other.group !== otherThan, killAt);
}

/**
 * Ends what earlier attempts of the same task of the same run left running when their worker died: SIGTERM, then SIGKILL.
 * What a live process looks after is left to it.
 * @param options.grace milliseconds between the two signals.
 * @returns how many processes there were.
 */
export async function endOrphans(
  idempotencyKey: string,
  options: { readonly attempt: number; readonly grace: number },
): Promise<number> {
  const ofTask = (other: MarkedProcess): boolean => other.idempotencyKey === idempotencyKey;
  const found = (await (options.attempt > 1 ? freshLook() : recentLook())).filter(ofTask);
  const dead = new Set<string>();
  for (const { attemptId } of found) {
    if (!dead.has(attemptId) && (await isOrphaned(attemptId))) dead.add(attemptId);
  }
  if (dead.size === 0) return 0;
  return endAll((other) => ofTask(other) && dead.has(other.attemptId), performance.now() + options.grace);
}

/** Kills the processes of the attempts, wherever they went, before it returns: for a process that exits. */
export function killProcessesNow(attemptIds: ReadonlySet<string>): void {
  for (const pid of listSafely('/proc')) {
    const attemptId = valueOf(readSafely(`/proc/${pid}/environ`).split('\0'), ATTEMPT_ID);
    if (attemptId !== undefined && attemptIds.has(attemptId)) signal(Number(pid), 'SIGKILL');
  }
}

async function endAll(isMeant: (other: MarkedProcess) => boolean, killAt: number): Promise<number> {
  const found = new Set<number>();
  for (let isFirst = true; ; isFirst = false) {
    const left = (await freshLook()).filter((other) => other.pid !== process.pid && isMeant(other));
    const now = performance.now();
    if (left.length === 0 || now > killAt + KILL_PATIENCE) return found.size;
    for (const { pid } of left) {
      found.add(pid);
      if (now >= killAt) signal(pid, 'SIGKILL');
      // Only once: what a process starts to clean up must not be hit.
      else if (isFirst) signal(pid, 'SIGTERM');
    }
    await wait(now >= killAt ? POLL_INTERVAL : Math.min(POLL_INTERVAL, killAt - now));
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended, or runs as another user.
  }
}

let lookedAt = Number.NEGATIVE_INFINITY;
let latest: Promise<readonly MarkedProcess[]> = Promise.resolve([]);
let queued: Promise<readonly MarkedProcess[]> | undefined;

/** The marked processes, looked for from now on. Attempts that ask at the same time share the work. */
function freshLook(): Promise<readonly MarkedProcess[]> {
  queued ??= latest.then(() => {
    queued = undefined;
    lookedAt = performance.now();
    latest = markedProcesses();
    return latest;
  });
  return queued;
}

function recentLook(): Promise<readonly MarkedProcess[]> {
  return performance.now() - lookedAt < RECENT ? latest : freshLook();
}

async function markedProcesses(): Promise<MarkedProcess[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found: MarkedProcess[] = [];
  const read = async (): Promise<void> => {
    for (let pid = pids.pop(); pid !== undefined; pid = pids.pop()) {
      const marked = await markedProcess(pid);
      if (marked !== undefined) found.push(marked);
    }
  };
  await Promise.all(Array.from({ length: READERS }, read));
  return found;
}

function listSafely(folder: string): string[] {
  try {
    return process.platform === 'linux' ? readdirSync(folder).filter((name) => /^\d+$/.test(name)) : [];
  } catch {
    return [];
  }
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Undefined for a process that is not marked, is another user's, or has just ended. */
async function markedProcess(pid: string): Promise<MarkedProcess | undefined> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`);
    if (!environment.includes(`${ATTEMPT_ID}=`)) return undefined;
    const variables = environment.toString().split('\0');
    const attemptId = valueOf(variables, ATTEMPT_ID);
    const { state, group } = readStat(await readFile(`/proc/${pid}/stat`, 'utf8'));
    if (attemptId === undefined || isDead(state)) return undefined;
    return { pid: Number(pid), group, attemptId, idempotencyKey: valueOf(variables, IDEMPOTENCY_KEY) };
  } catch {
    return undefined;
  }
}

function valueOf(variables: readonly string[], name: string): string | undefined {
  return variables.find((variable) => variable.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Whether the process that ran the attempt is no more: its id may be another process's by now, so its start counts too. */
async function isOrphaned(attemptId: string): Promise<boolean> {
  const [pid = '', start] = attemptId.split('.');
  if (!/^\d+$/.test(pid)) return false;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return true;
  const stat = readStat(text);
  return isDead(stat.state) || stat.start !== start;
}

function isDead(state: string): boolean {
  return state === 'Z' || state === 'X';
}

/** See proc_pid_stat(5). The name of the program is in parentheses, and may have some itself. */
function readStat(text: string): { state: string; group: number; start: string } {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), start: fields[19] ?? '' };
}

let start: string | undefined;

function ownStart(): string {
  start ??= readStat(readSafely('/proc/self/stat')).start;
  return start;
}
