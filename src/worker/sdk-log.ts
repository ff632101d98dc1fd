import type { LogEntry } from '@temporalio/worker';
import type { LogFields, Logger } from '../observability/logger.js';

/** A failed task or run is told where runs are looked at, with its error: the SDK's own lines of it are noise. */
const OUTCOMES: readonly string[] = ['Activity failed', 'Workflow failed'];
/** A worker of a group polls one task queue for tasks, and another for runs. */
const MEANT: readonly string[] = [
  'No workflows registered, not polling for workflow tasks',
  'No activities registered, not polling for activity tasks',
];
const NOISE: ReadonlySet<string> = new Set([...OUTCOMES, ...MEANT]);

const MOST_CAUSES = 5;
const MOST_FRAMES = 8;

/**
 * Hands a line of the Temporal SDK on. Of an error it tells the classes and where it was thrown: its message may quote
 * what a task was given. Temporal's history has the message.
 */
export function logSdkEntry(logger: Logger, { level, message, meta }: LogEntry): void {
  if (NOISE.has(message)) return;
  const known = new Map<string, unknown>(Object.entries(meta ?? {}));
  const error = known.get('error') ?? known.get('err') ?? known.get('failure');
  const text = error === undefined ? message : withoutQuote(message);
  const fields: LogFields = {
    ...textFields(known),
    ...(error instanceof Error ? { errors: classesOf(error), stack: framesOf(error) } : codeIn(error)),
  };
  if (level === 'ERROR') logger.error(text, fields);
  else if (level === 'WARN') logger.warn(text, fields);
  else if (level === 'INFO') logger.info(text, fields);
  else logger.debug(text, fields);
}

/** The SDK ends some messages with `: ` and the message of the error. */
function withoutQuote(message: string): string {
  return message.split(': ', 1)[0] ?? '';
}

function textFields(meta: ReadonlyMap<string, unknown>): LogFields {
  const text = (key: string): string | undefined => {
    const value = meta.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const fields = {
    run: text('workflowId') ?? text('workflow_id'),
    taskQueue: text('taskQueue') ?? text('task_queue'),
    namespace: text('namespace'),
    component: text('sdkComponent'),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function classesOf(error: Error): string[] {
  const names: string[] = [];
  for (let cause: unknown = error; cause instanceof Error && names.length < MOST_CAUSES; cause = cause.cause) {
    names.push(cause.name);
  }
  return names;
}

function framesOf(error: Error): string[] {
  const frames = (error.stack ?? '').split('\n').map((line) => line.trim());
  return frames.filter((line) => line.startsWith('at ')).slice(0, MOST_FRAMES);
}

/** The native part writes errors as text: of it, gRPC's code. */
function codeIn(error: unknown): { readonly code?: string } {
  const code = typeof error === 'string' ? /\bcode: '?([A-Za-z ]{2,40})/.exec(error)?.[1] : undefined;
  return code === undefined ? {} : { code: code.trim() };
}
