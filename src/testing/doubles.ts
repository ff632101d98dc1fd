import { TaskFailure, type Handler, type Handlers, type TaskContext } from '../activities/handler.js';
import type { Clock } from '../activities/timer.js';
import type { Json } from '../dag/json.js';
import type { TaskCall } from '../dag/task-call.js';
import type { DoubleEnding, ExpectedInput, TaskDouble } from './dag-test.js';
import { entryFor } from './task-path.js';

/** What stands in for the handlers of a test, and remembers what they were handed. */
export class Doubles {
  readonly handlers: Handlers;
  /** By the full names of tasks: what each was handed at its last attempt. */
  readonly inputs = new Map<string, ExpectedInput>();
  readonly #doubles: Readonly<Record<string, TaskDouble>>;
  readonly #clock: Clock;
  readonly #pathOf: (runId: string, task: string) => string;
  readonly #isHeld: (path: string) => boolean;
  readonly #attempts = new Map<string, number>();

  /**
   * @param pathOf The full name of a task.
   * @param isHeld Whether an attempt that begins now goes on until it is stopped.
   */
  constructor(
    doubles: Readonly<Record<string, TaskDouble>>,
    clock: Clock,
    pathOf: (runId: string, task: string) => string,
    isHeld: (path: string) => boolean,
  ) {
    this.#doubles = doubles;
    this.#clock = clock;
    this.#pathOf = pathOf;
    this.#isHeld = isHeld;
    const names = ['shell', 'function', 'http'] as const;
    this.handlers = new Map(names.map((name): [string, Handler] => [name, { name, run: this.#run.bind(this) }]));
  }

  async #run(call: TaskCall, context: TaskContext): Promise<Json | undefined> {
    const path = this.#pathOf(call.runId, call.task);
    const { item, index } = call;
    this.inputs.set(path, {
      with: call.with,
      env: { ...call.env },
      ...(item === undefined ? {} : { item }),
      ...(index === undefined ? {} : { index }),
    });
    const attempt = (this.#attempts.get(path) ?? 0) + 1;
    this.#attempts.set(path, attempt);
    if (this.#isHeld(path)) await this.#stopped(context.signal, undefined);
    const ending = endingOf(entryFor(this.#doubles, path), attempt);
    if (ending.takes !== undefined) await this.#stopped(context.signal, ending.takes);
    if (ending.fail !== undefined) throw failureOf(ending.fail);
    return ending.output;
  }

  /** Waits for so many milliseconds, or for ever; throws where the attempt must stop. */
  #stopped(signal: AbortSignal, milliseconds: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const drop = milliseconds === undefined ? undefined : this.#clock.startTimer(milliseconds, resolve);
      const stop = (): void => {
        drop?.();
        reject(signal.reason as Error);
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
  }
}

/** How the attempt of a double ends. The first attempt is 1. */
export function endingOf(double: TaskDouble | undefined, attempt: number): DoubleEnding {
  if (double === undefined) return {};
  const endings = Array.isArray(double) ? (double as readonly DoubleEnding[]) : [double as DoubleEnding];
  return endings[Math.min(attempt, endings.length) - 1] ?? {};
}

/** The failure of a double. */
export function failureOf(fail: NonNullable<DoubleEnding['fail']>): TaskFailure {
  const {
    code = 'TASK_FAILED',
    message = 'The double fails.',
    details,
    retryable = true,
  } = typeof fail === 'string' ? { message: fail } : fail;
  return new TaskFailure({ code, message, ...(details === undefined ? {} : { details }) }, { retryable });
}
