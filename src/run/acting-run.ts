import type { Act, ActAnswer, ActRequest } from './act.js';
import type { Task } from '../dag/dag.js';
import type { Explanation } from './explanation.js';
import type { Json } from '../dag/json.js';
import type { Rate } from '../dag/pools.js';
import type { PauseMode } from '../dag/run-state.js';
import type { AddTasksOptions, PauseOptions, Run, RunDescription, RunResult } from './run.js';
import type { RunEvent } from './run-event.js';

/** The methods of a run that are an act each, for every executor: they say it in one call of `act`. */
export abstract class ActingRun implements Run {
  abstract readonly runId: string;
  abstract result(): Promise<RunResult>;
  abstract describe(): Promise<RunDescription>;
  abstract explain(task: string): Promise<Explanation>;
  abstract history(): Promise<RunEvent[]>;
  abstract act(act: Act, request?: ActRequest): Promise<ActAnswer>;

  async pause({ mode, until, ...request }: PauseOptions = {}): Promise<ActAnswer> {
    const time = until instanceof Date && !Number.isNaN(until.getTime()) ? until.toISOString() : until;
    const goesOn = time === undefined ? {} : { until: String(time) };
    return this.act({ type: 'pause', ...(mode === undefined ? {} : { mode }), ...goesOn }, request);
  }

  async resume(request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'resume' }, request);
  }

  async cancel({
    reason,
    compensate,
    ...request
  }: ActRequest & { readonly reason?: string; readonly compensate?: boolean } = {}): Promise<ActAnswer> {
    const why = reason === undefined ? {} : { reason };
    return this.act({ type: 'cancel', ...why, ...(compensate === undefined ? {} : { compensate }) }, request);
  }

  async pauseTask(
    task: string,
    { mode, ...request }: ActRequest & { readonly mode?: PauseMode } = {},
  ): Promise<ActAnswer> {
    return this.act({ type: 'pauseTask', task, ...(mode === undefined ? {} : { mode }) }, request);
  }

  async resumeTask(task: string, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'resumeTask', task }, request);
  }

  async cancelTask(task: string, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'cancelTask', task }, request);
  }

  async skipTask(task: string, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'skipTask', task }, request);
  }

  async completeTask(
    task: string,
    { output, ...request }: ActRequest & { readonly output?: Json } = {},
  ): Promise<ActAnswer> {
    return this.act({ type: 'completeTask', task, ...(output === undefined ? {} : { output }) }, request);
  }

  async retryTask(
    task: string,
    { dependents, ...request }: ActRequest & { readonly dependents?: boolean } = {},
  ): Promise<ActAnswer> {
    return this.act({ type: 'retryTask', task, ...(dependents === undefined ? {} : { dependents }) }, request);
  }

  async setPriority(task: string, priority: number, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'setPriority', task, priority }, request);
  }

  async setConcurrency(concurrency: number, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'setConcurrency', concurrency }, request);
  }

  async setPolicy(policy: string, request: ActRequest = {}): Promise<ActAnswer> {
    return this.act({ type: 'setPolicy', policy }, request);
  }

  async setPool(
    pool: string,
    { slots, rate }: { readonly slots?: number; readonly rate?: Rate },
    request: ActRequest = {},
  ): Promise<ActAnswer> {
    const size = { ...(slots === undefined ? {} : { slots }), ...(rate === undefined ? {} : { rate }) };
    return this.act({ type: 'setPool', pool, ...size }, request);
  }

  async sendEvent(
    event: string,
    { payload, ...request }: ActRequest & { readonly payload?: Json } = {},
  ): Promise<ActAnswer> {
    return this.act({ type: 'sendEvent', event, ...(payload === undefined ? {} : { payload }) }, request);
  }

  async approve(task: string, { form, ...request }: ActRequest & { readonly form?: Json } = {}): Promise<ActAnswer> {
    return this.act({ type: 'approve', task, ...(form === undefined ? {} : { form }) }, request);
  }

  async reject(
    task: string,
    { reason, ...request }: ActRequest & { readonly reason?: string } = {},
  ): Promise<ActAnswer> {
    return this.act({ type: 'reject', task, ...(reason === undefined ? {} : { reason }) }, request);
  }

  async addTasks(tasks: readonly Task[], { needs, ...request }: AddTasksOptions = {}): Promise<ActAnswer> {
    return this.act({ type: 'addTasks', tasks, ...(needs === undefined ? {} : { needs }) }, request);
  }
}
