import type { ApprovalWith, EventWith, SwitchWith, WaitWith } from '../dag/control.js';
import type { Dag, ForEach, Task } from '../dag/dag.js';
import type { SchedulerEvent } from '../dag/event.js';
import type { Json } from '../dag/json.js';
import type { Scheduler } from '../dag/scheduler.js';
import type { TaskError } from '../dag/task-error.js';
import { HOLD } from '../dag/task-table.js';
import { violations } from '../json-schema/violations.js';
import { EventInbox, type SentEvent } from './event-inbox.js';
import { isoTime } from './iso-time.js';
import type { EndedTask } from './ended-task.js';
import { startFanOut, type FanningRun } from './fan-out.js';
import type { RunExpressions } from './run-expressions.js';
import type { RunRecord } from './run-record.js';
import type { WaitDescription } from './run.js';
import { timeOf } from './wait-time.js';

/** What the tasks that a run does itself must know of it, and tell it. */
export interface ControlledRun extends FanningRun {
  readonly dag: Dag;
  readonly scheduler: Scheduler;
  readonly expressions: RunExpressions;
  readonly record: RunRecord;
  /** Remembers how a task ended; the event is to be handed to the scheduler. */
  ended(end: EndedTask, at: number): SchedulerEvent;
  /** A person is reminded that the task waits for them. */
  reminded(task: number, at: number): void;
}

/** Who decided on an approval, and what they filled in. */
export interface ApprovalDecision {
  readonly decision: 'approved' | 'rejected';
  readonly by?: string;
  readonly form?: Json;
  readonly reason?: string;
}

/** The tasks that a run does itself: those that wait, those that choose, and those that fan out. */
export class Controls {
  readonly inbox: EventInbox;
  readonly #run: ControlledRun;

  constructor(run: ControlledRun, events: readonly SentEvent[] = []) {
    this.#run = run;
    this.inbox = new EventInbox(events);
  }

  /** Whether the run does the task itself. */
  does(task: number): boolean {
    return this.#run.scheduler.tasks.hold[task] === HOLD.nothing;
  }

  /** The task starts: what the scheduler is to be told; nothing where the task was stopped by what came before it. */
  start(task: number, at: number): SchedulerEvent | undefined {
    if (!this.#run.scheduler.tasks.is(task, 'running')) return undefined;
    this.#run.record.began(task);
    const definition = this.#definition(task);
    const { forEach, made } = definition;
    return forEach === undefined || made !== undefined
      ? this.#begin(task, definition, at)
      : this.#fanOut(task, forEach, at);
  }

  #fanOut(task: number, forEach: ForEach, at: number): SchedulerEvent {
    const fannedOut = startFanOut(this.#run, task, forEach, at);
    this.#run.record.grow(this.#run.dag);
    return 'value' in fannedOut ? fannedOut.value : this.#failed(task, fannedOut.error, at);
  }

  #begin(task: number, definition: Task, at: number): SchedulerEvent {
    switch (definition.uses) {
      case 'wait':
        return this.#wait(task, definition, at);
      case 'event': {
        const sent = this.inbox.take((one) => this.wants(task, one));
        if (sent !== undefined) return this.#succeeded(task, sent.payload, at);
        return this.#waits(task, at, settingsOf<EventWith>(definition).timeout);
      }
      case 'approval': {
        const { message } = settingsOf<ApprovalWith>(definition);
        const asked = message === undefined ? undefined : this.#run.expressions.value(task, message, '`message`');
        if (asked !== undefined && 'error' in asked) return this.#failed(task, asked.error, at);
        return this.#approval(task, at);
      }
      case 'switch':
        return this.#switch(task, settingsOf<SwitchWith>(definition), at);
      default:
        throw new Error(`The run does not do ${definition.name} itself: it uses ${definition.uses}.`);
    }
  }

  /** The timer of a waiting task has fired. */
  fired(task: number, at: number): SchedulerEvent {
    const definition = this.#definition(task);
    switch (definition.uses) {
      case 'wait':
        return this.#succeeded(task, undefined, at);
      case 'event': {
        const { event, timeout = 0 } = settingsOf<EventWith>(definition);
        const message = `The event ${event} did not come within ${timeout / 1_000} s.`;
        return this.#failed(task, { code: 'EVENT_TIMEOUT', message }, at);
      }
      case 'approval':
        return this.#approvalFired(task, settingsOf<ApprovalWith>(definition), at);
      default:
        // A handler that is asked again.
        return { type: 'task.again', at, task };
    }
  }

  /** The waiting tasks that take the event, with what they end with. */
  takers(sent: SentEvent): number[] {
    const { dag, scheduler } = this.#run;
    return [...dag.tasks.keys()].filter((task) => scheduler.tasks.is(task, 'waiting') && this.wants(task, sent));
  }

  /** Whether the task is one that waits for such an event, payload and all. */
  wants(task: number, { event, payload }: SentEvent): boolean {
    const definition = this.#definition(task);
    if (definition.uses !== 'event') return false;
    const { event: name, filter, schema } = settingsOf<EventWith>(definition);
    if (name !== event || (schema !== undefined && violations(schema, payload, 1).length > 0)) return false;
    if (filter === undefined) return true;
    const evaluated = this.#run.expressions.bare(task, filter, '`filter`', { event: payload });
    return 'value' in evaluated && evaluated.value === true;
  }

  /** A task takes the event. */
  taken(task: number, { payload }: SentEvent, at: number): SchedulerEvent {
    return this.#succeeded(task, payload, at);
  }

  /** Somebody has decided. */
  decided(task: number, { decision, by, form, reason }: ApprovalDecision, at: number): SchedulerEvent {
    const who = by === undefined ? {} : { by };
    if (decision === 'approved') {
      const output = { decision, ...who, at: isoTime(at), ...(form === undefined ? {} : { form }) };
      return this.#succeeded(task, output, at);
    }
    const why = reason === undefined ? '.' : `: ${reason}`;
    const message = `${by ?? 'Somebody'} said no${why}`;
    return this.#failed(task, { code: 'APPROVAL_REJECTED', message, details: { ...who, at: isoTime(at) } }, at);
  }

  /** What a waiting task waits for. */
  waitsFor(task: number): WaitDescription | undefined {
    const { scheduler } = this.#run;
    if (!scheduler.tasks.is(task, 'waiting')) return undefined;
    const definition = this.#definition(task);
    const dueAt = scheduler.tasks.dueAt[task]!;
    const until = Number.isNaN(dueAt) ? undefined : isoTime(dueAt);
    switch (definition.uses) {
      case 'event': {
        const { event } = settingsOf<EventWith>(definition);
        return { kind: 'event', event, ...(until === undefined ? {} : { until }) };
      }
      case 'approval': {
        const { message, approvers, timeout, default: byDefault } = settingsOf<ApprovalWith>(definition);
        const startedAt = scheduler.startedAt(task) ?? 0;
        return {
          kind: 'approval',
          ...(message === undefined ? {} : { message: this.#text(task, message) }),
          ...(approvers === undefined ? {} : { approvers }),
          ...(timeout === undefined ? {} : { until: isoTime(startedAt + timeout) }),
          ...(byDefault === undefined ? {} : { default: byDefault }),
        };
      }
      default:
        return { kind: definition.uses === 'wait' ? 'time' : 'poll', until: until ?? isoTime(0) };
    }
  }

  #text(task: number, message: string): string {
    const evaluated = this.#run.expressions.value(task, message, '`message`');
    if ('error' in evaluated) return message;
    return typeof evaluated.value === 'string' ? evaluated.value : JSON.stringify(evaluated.value);
  }

  #wait(task: number, definition: Task, at: number): SchedulerEvent {
    const settings = settingsOf<WaitWith>(definition);
    const isUntil = 'until' in settings;
    const what = isUntil ? 'until' : 'wait';
    const given = isUntil ? settings.until : settings.for;
    const evaluated = this.#run.expressions.value(task, given, `\`${what}\``);
    if ('error' in evaluated) return this.#failed(task, evaluated.error, at);
    const until = timeOf(evaluated.value, isUntil ? undefined : at, typeof given === 'string');
    if (until === undefined) {
      const wanted = isUntil ? 'a time of ISO 8601 with its zone' : 'a duration like 10m, or seconds';
      const message = `\`${what}\` must be ${wanted}; it is ${JSON.stringify(evaluated.value).slice(0, 100)}.`;
      return this.#failed(task, { code: 'WAIT_INVALID', message }, at);
    }
    if (until <= at) return this.#succeeded(task, undefined, at);
    return { type: 'task.waits', at, task, until };
  }

  #waits(task: number, at: number, timeout: number | undefined): SchedulerEvent {
    return { type: 'task.waits', at, task, ...(timeout === undefined ? {} : { until: at + timeout }) };
  }

  #switch(task: number, { on, cases }: SwitchWith, at: number): SchedulerEvent {
    const evaluated = this.#run.expressions.bare(task, on, '`switch`');
    if ('error' in evaluated) return this.#failed(task, evaluated.error, at);
    const { value } = evaluated;
    const name = typeof value === 'string' ? value : JSON.stringify(value);
    return this.#succeeded(task, Object.hasOwn(cases, name) ? name : 'default', at);
  }

  #approval(task: number, at: number): SchedulerEvent {
    const { reminder = Infinity, timeout = Infinity } = settingsOf<ApprovalWith>(this.#definition(task));
    const startedAt = this.#run.scheduler.startedAt(task) ?? at;
    const nextReminder = startedAt + reminder * (Math.floor((at - startedAt) / reminder) + 1);
    const until = Math.min(reminder === Infinity ? Infinity : nextReminder, startedAt + timeout);
    return { type: 'task.waits', at, task, ...(until === Infinity ? {} : { until }) };
  }

  #approvalFired(task: number, { timeout, default: byDefault }: ApprovalWith, at: number): SchedulerEvent {
    const startedAt = this.#run.scheduler.startedAt(task) ?? at;
    if (timeout === undefined || at < startedAt + timeout) {
      this.#run.reminded(task, at);
      return this.#approval(task, at);
    }
    if (byDefault === 'approve') return this.decided(task, { decision: 'approved', by: 'timeout' }, at);
    const message = `Nobody decided within ${timeout / 1_000} s.`;
    if (byDefault === 'reject') return this.#failed(task, { code: 'APPROVAL_REJECTED', message }, at);
    return this.#failed(task, { code: 'APPROVAL_TIMEOUT', message }, at);
  }

  #succeeded(task: number, output: Json | undefined, at: number): SchedulerEvent {
    const end = { task, outcome: 'succeeded' as const, attempts: 1, ...(output === undefined ? {} : { output }) };
    return this.#run.ended(end, at);
  }

  #failed(task: number, error: TaskError, at: number): SchedulerEvent {
    return this.#run.ended({ task, outcome: 'failed', attempts: 1, error }, at);
  }

  #definition(task: number): Task {
    return this.#run.dag.tasks[task]!;
  }
}

/** The settings of a task, checked when its dag was read. */
function settingsOf<Settings>(task: Task): Settings {
  return task.with as unknown as Settings;
}
