import type { TaskDescription, WaitDescription } from '../../run/run.js';
import { quoted } from '../server-flags.js';
import { formatDuration, formatTime } from './duration.js';
import { oneLine } from './text.js';

const NAMED_APPROVERS = 3;
const NAMED_WAITS = 3;

/**
 * What a task waits for: `waits until 14:30:00 (in 9 m 00 s)`, `waits for event paid`.
 * @param now Milliseconds.
 */
export function waitText(wait: WaitDescription, now: number): string {
  switch (wait.kind) {
    case 'time':
      return `waits until ${formatTime(wait.until, now)} (${leftOf(wait.until, now)})`;
    case 'poll':
      return `asks again ${leftOf(wait.until, now)}`;
    case 'event': {
      const until = wait.until === undefined ? '' : ` until ${formatTime(wait.until, now)}`;
      return `waits for event ${oneLine(wait.event)}${until}`;
    }
    case 'approval': {
      const message = wait.message === undefined ? '' : `: "${oneLine(wait.message)}"`;
      return `waits for approval${approversOf(wait)}${deadlineOf(wait, now)}${message}`;
    }
  }
}

/** What a person types to answer the task; undefined where it waits for no person. */
export function answerCommand(runId: string, task: TaskDescription, flags: string): string | undefined {
  if (task.state !== 'waiting' || task.waitsFor?.kind !== 'approval') return undefined;
  // Who calls is `user@machine` where nobody says: approvers have names of their own.
  const by = task.waitsFor.approvers === undefined ? '' : ' --by NAME';
  return `dagwright approve ${quoted(runId)} ${quoted(task.name)}${by}${flags}`;
}

/**
 * What a run waits for in which nothing runs: `nothing runs; it waits for an approval (deploy), event paid (charge)`.
 * Undefined where something runs, or nothing waits.
 */
export function idleText(tasks: readonly TaskDescription[], now: number): string | undefined {
  const waiting: TaskDescription[] = [];
  for (const task of tasks) {
    if (task.state === 'waiting') waiting.push(task);
    // A task that fans out runs for as long as its items do, or wait.
    else if (task.fanOut === undefined && isUnderWay(task)) return undefined;
  }
  const waits = waiting.filter((task) => task.waitsFor !== undefined);
  if (waits.length === 0) return undefined;
  const named = waits.slice(0, NAMED_WAITS).map(({ name, waitsFor }) => `${causeOf(waitsFor, now)} (${name})`);
  const more = waits.length > NAMED_WAITS ? `, and ${waits.length - NAMED_WAITS} more` : '';
  return `nothing runs; it waits for ${named.join(', ')}${more}`;
}

function isUnderWay({ state }: TaskDescription): boolean {
  return state === 'running' || state === 'retrying' || state === 'queued' || state === 'ready';
}

function causeOf(wait: WaitDescription | undefined, now: number): string {
  if (wait?.kind === 'approval') return 'an approval';
  if (wait?.kind === 'event') return `event ${oneLine(wait.event)}`;
  return wait === undefined ? 'something' : formatTime(wait.until, now);
}

function approversOf({ approvers = [] }: WaitDescription & { readonly kind: 'approval' }): string {
  if (approvers.length === 0) return '';
  const more = approvers.length > NAMED_APPROVERS ? ` and ${approvers.length - NAMED_APPROVERS} more` : '';
  return ` by ${approvers.slice(0, NAMED_APPROVERS).map(oneLine).join(', ')}${more}`;
}

function deadlineOf(wait: WaitDescription & { readonly kind: 'approval' }, now: number): string {
  if (wait.until === undefined) return '';
  const then = { approve: 'then approved', reject: 'then rejected', none: 'then it fails' }[wait.default ?? 'none'];
  return ` until ${formatTime(wait.until, now)} (${then})`;
}

function leftOf(until: string, now: number): string {
  const left = Date.parse(until) - now;
  return left > 0 ? `in ${formatDuration(left)}` : 'any moment';
}
