import type { AttemptLog, LogStore } from '../activities/log-store.js';
import { DagwrightError } from '../dag/errors.js';
import type { Dag } from '../dag/dag.js';
import type { Json, JsonObject } from '../dag/json.js';
import type { RunState } from '../dag/run-state.js';
import type { TaskError } from '../dag/task-error.js';
import type { TaskState } from '../dag/task-state.js';
import { runLocally } from '../executor/local.js';
import type { Run, TaskDescription } from '../run/run.js';
import { resolveParams } from '../spec/params.js';
import type { DagTest, ExpectedInput } from './dag-test.js';
import { doubledDag } from './doubled-dag.js';
import { Doubles } from './doubles.js';
import { startsIn, type SeenRun } from './starts.js';
import { entryFor, namesOf } from './task-path.js';
import { VirtualClock } from './virtual-clock.js';

/** What a run with doubles came to. Tasks are by their full names: `load[2]/convert[1]`. */
export interface TestedRun {
  readonly state: RunState;
  readonly outputs?: JsonObject;
  readonly tasks: ReadonlyMap<string, TestedTask>;
  /** The tasks that started, in order. */
  readonly starts: readonly string[];
  /** What each task was handed at its last attempt. */
  readonly inputs: ReadonlyMap<string, ExpectedInput>;
  /** What did not go as the test has it: an event that is refused, a run that never ends. */
  readonly problems: readonly { readonly at: string; readonly message: string }[];
}

/** What became of a task. */
export interface TestedTask {
  readonly status: TaskState;
  readonly attempts: number;
  readonly output?: Json;
  readonly error?: TaskError;
}

/** When tests run that do not say when. */
const BEGINNING = '2026-01-01T00:00:00Z';
/** Timers after which a run counts as endless: five waits of each of 10,000 items. */
const MOST_JUMPS = 50_000;

/**
 * Runs a dag, checked before, with doubles for its tasks. Waits, time limits, backoffs and polls take no time: where
 * nothing else can happen, the run's clock goes on to what comes next.
 */
export async function runWithDoubles(dag: Dag, test: Omit<DagTest, 'name' | 'expect'>): Promise<TestedRun> {
  const run = new DoubledRun(dag, test);
  await run.toItsEnd();
  return run.seen();
}

class DoubledRun {
  readonly #test: Omit<DagTest, 'name' | 'expect'>;
  readonly #clock: VirtualClock;
  readonly #doubles: Doubles;
  /** By their ids: what the names of their tasks begin with. */
  readonly #prefixes = new Map<string, string>();
  /** By those beginnings; the latest, where a task that is a dag started again. */
  readonly #runs = new Map<string, Run>();
  readonly #problems: { at: string; message: string }[] = [];
  readonly #decided = new Set<string>();
  readonly #root: Run;
  #cancel: 'later' | 'now' | 'done';
  #hasEnded = false;
  #bug: unknown;

  constructor(dag: Dag, test: Omit<DagTest, 'name' | 'expect'>) {
    this.#test = test;
    this.#cancel = test.cancelAt === undefined ? 'done' : 'later';
    this.#clock = new VirtualClock(Date.parse(test.now ?? BEGINNING));
    const doubles = test.tasks ?? {};
    this.#doubles = new Doubles(doubles, this.#clock, this.#pathOf, (path) => this.#holds(path));
    const runId = `${dag.name}-test`;
    this.#prefixes.set(runId, '');
    this.#root = runLocally(doubledDag(dag, Object.keys(doubles)), {
      runId,
      params: resolveParams(dag, test.params ?? {}).params,
      handlers: this.#doubles.handlers,
      logFolder: '',
      logs: NO_LOGS,
      secrets: (name) => `***${name}***`,
      clock: this.#clock,
      onSubRun: (run, parent, task) => this.#began(run, `${this.#pathOf(parent, task)}/`),
    });
    this.#began(this.#root, '');
    this.#root.result().then(
      () => (this.#hasEnded = true),
      (bug: unknown) => {
        this.#hasEnded = true;
        this.#bug = bug;
      },
    );
  }

  async toItsEnd(): Promise<void> {
    const isStill = await this.#goOn(MOST_JUMPS);
    if (!this.#hasEnded) {
      const why = isStill
        ? `the run stands still: ${await this.#waitsFor()}`
        : `the run goes on after ${MOST_JUMPS} timers: something in it has no end`;
      this.#problems.push({ at: 'run', message: why });
    } else if (this.#cancel === 'later') {
      this.#problems.push({ at: 'cancelAt', message: `${this.#test.cancelAt} never started` });
    }
    if (this.#bug !== undefined) throw new Error('The run broke down.', { cause: this.#bug });
  }

  async seen(): Promise<TestedRun> {
    const runs = new Map<string, SeenRun>();
    const tasks = new Map<string, TestedTask>();
    for (const [prefix, run] of this.#runs) {
      const [history, { tasks: described }] = await Promise.all([run.history(), run.describe()]);
      runs.set(prefix, { history });
      for (const task of described) tasks.set(prefix + task.name, seenTask(task));
    }
    const { state } = await this.#root.describe();
    const outputs = this.#hasEnded ? await this.#outputs(tasks) : undefined;
    const starts = startsIn(runs);
    if (!this.#hasEnded) await this.#abandon();
    const { inputs } = this.#doubles;
    return { state, tasks, starts, inputs, problems: this.#problems, ...(outputs === undefined ? {} : { outputs }) };
  }

  /** Those of the run; those of tasks go where they belong. */
  async #outputs(tasks: Map<string, TestedTask>): Promise<JsonObject | undefined> {
    for (const [prefix, run] of this.#runs) {
      const result = await run.result();
      for (const [name, { output }] of Object.entries(result.tasks)) {
        const task = tasks.get(prefix + name);
        if (task !== undefined && output !== undefined) tasks.set(prefix + name, { ...task, output });
      }
    }
    return (await this.#root.result()).outputs;
  }

  readonly #pathOf = (runId: string, task: string): string => (this.#prefixes.get(runId) ?? `${runId}/`) + task;

  #began(run: Run, prefix: string): void {
    this.#prefixes.set(run.runId, prefix);
    this.#runs.set(prefix, run);
    // A run takes nothing before it has begun.
    queueMicrotask(() => this.#send(run, prefix));
  }

  #send(run: Run, prefix: string): void {
    const { events = {} } = this.#test;
    const sent = Array.isArray(events) ? (events as readonly JsonObject[]) : [events as JsonObject];
    for (const [name, payload] of sent.flatMap((one) => Object.entries(one))) {
      const end = name.lastIndexOf('/') + 1;
      if (!namesOf(prefix).includes(name.slice(0, end))) continue;
      run.sendEvent(name.slice(end), { payload }).catch((error: unknown) => this.#refused(`events.${name}`, error));
    }
  }

  #refused(at: string, error: unknown): void {
    if (error instanceof DagwrightError) this.#problems.push({ at, message: error.message });
    else this.#bug ??= error;
  }

  /** Until the run has ended, or stands still (true), or so many timers have fired. */
  async #goOn(mostJumps: number): Promise<boolean> {
    for (let jumps = 0; jumps < mostJumps;) {
      await settled();
      if (this.#hasEnded) return false;
      if ((await this.#decide()) || (await this.#cancelNow())) continue;
      if (!this.#clock.jump()) return true;
      jumps += 1;
    }
    return false;
  }

  /** Decides what tasks wait for. Whether there was something. */
  async #decide(): Promise<boolean> {
    const { approvals } = this.#test;
    if (approvals === undefined) return false;
    let hasDecided = false;
    for (const [prefix, run] of this.#runs) {
      for (const { name, waitsFor } of (await run.describe()).tasks) {
        const path = prefix + name;
        const decision = entryFor(approvals, path);
        if (waitsFor?.kind !== 'approval' || decision === undefined || this.#decided.has(path)) continue;
        this.#decided.add(path);
        hasDecided = true;
        const by = decision.by ?? waitsFor.approvers?.[0];
        const request = by === undefined ? {} : { by };
        const decided =
          'approve' in decision
            ? run.approve(name, { ...request, ...(decision.form === undefined ? {} : { form: decision.form }) })
            : run.reject(name, { ...request, reason: decision.reject });
        await decided.catch((error: unknown) => this.#refused(`approvals.${path}`, error));
      }
    }
    return hasDecided;
  }

  #isAwaited(path: string): boolean {
    const { cancelAt = '' } = this.#test;
    const names = namesOf(path);
    return names.includes(cancelAt) || names.some((name) => name.startsWith(`${cancelAt}/`));
  }

  #holds(path: string): boolean {
    if (this.#cancel === 'done' || !this.#isAwaited(path)) return false;
    this.#cancel = 'now';
    return true;
  }

  /** Cancels the run where it is time. Whether it did. */
  async #cancelNow(): Promise<boolean> {
    if (this.#cancel === 'later' && (await this.#hasStarted())) this.#cancel = 'now';
    if (this.#cancel !== 'now') return false;
    this.#cancel = 'done';
    await this.#root.cancel().catch((error: unknown) => this.#refused('cancelAt', error));
    return true;
  }

  /** Of a task that has no double: whether it waits, or has ended. */
  async #hasStarted(): Promise<boolean> {
    for (const [prefix, run] of this.#runs) {
      const { tasks } = await run.describe();
      if (tasks.some((task) => task.startedAt !== undefined && this.#isAwaited(prefix + task.name))) return true;
    }
    return false;
  }

  async #waitsFor(): Promise<string> {
    const waiting: string[] = [];
    for (const [prefix, run] of this.#runs) {
      for (const { name, waitsFor } of (await run.describe()).tasks) {
        if (waitsFor?.kind === 'event') waiting.push(`${prefix}${name} waits for the event ${waitsFor.event}`);
        if (waitsFor?.kind === 'approval') waiting.push(`${prefix}${name} waits for an approval`);
      }
    }
    return waiting.length === 0 ? 'nothing in it waits for anything' : waiting.join('; ');
  }

  /** A run that nobody looks at any more must not keep the process alive. */
  async #abandon(): Promise<void> {
    this.#cancel = 'done';
    for (const run of [this.#root, ...this.#runs.values()]) {
      if (this.#hasEnded) return;
      await run.cancel({ compensate: false }).catch(() => undefined);
      await this.#goOn(1_000);
      for (const task of (await run.describe()).tasks) {
        if (task.endedAt === undefined) await run.cancelTask(task.name).catch(() => undefined);
      }
      await this.#goOn(1_000);
    }
  }
}

function seenTask({ state, attempts, error }: TaskDescription): TestedTask {
  return { status: state, attempts, ...(error === undefined ? {} : { error }) };
}

/** Waits until all has happened that takes no time. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Nobody reads the logs of doubles. */
const NO_LOGS: LogStore = {
  open: (): AttemptLog => ({
    path: '',
    write: () => undefined,
    append: async () => undefined,
    close: async () => undefined,
  }),
  attempts: async () => [],
  read: async () => undefined,
};
