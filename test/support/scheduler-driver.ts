import { buildGraph, type Graph } from '../../src/dag/graph.js';
import type { SchedulerEvent } from '../../src/dag/event.js';
import type { Instruction } from '../../src/dag/instruction.js';
import { Scheduler } from '../../src/dag/scheduler.js';
import type { SchedulerOptions } from '../../src/dag/scheduler-options.js';
import { createPolicy } from '../../src/policy/policies.js';

/** `[from, to]`: task `to` needs task `from`. */
export function graphFrom(size: number, edges: readonly (readonly [number, number])[]): Graph {
  return buildGraph(
    size,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
}

/** A scheduler and its clock, checked after every event. Instructions read as `start 1`. */
export class SchedulerDriver {
  readonly scheduler: Scheduler;
  at = 1_000;

  constructor(graph: Graph, options: Partial<SchedulerOptions> = {}) {
    this.scheduler = new Scheduler(graph, { concurrency: 10, createPolicy, ...options });
    this.scheduler.validate();
  }

  handle(event: SchedulerEvent): string[] {
    const instructions = this.scheduler.handle(event);
    this.scheduler.validate();
    return instructions.map(sayInstruction);
  }

  began(): string[] {
    return this.handle({ type: 'run.began', at: this.at });
  }
  succeeded(task: number): string[] {
    return this.#ended(task, 'succeeded');
  }
  failed(task: number): string[] {
    return this.#ended(task, 'failed');
  }
  wasCancelled(task: number): string[] {
    return this.#ended(task, 'cancelled');
  }
  pause(mode: 'drain' | 'interrupt' = 'drain'): string[] {
    return this.handle({ type: 'operator.paused', at: ++this.at, mode });
  }
  resume(): string[] {
    return this.handle({ type: 'operator.resumed', at: ++this.at });
  }
  cancel(): string[] {
    return this.handle({ type: 'operator.cancelled', at: ++this.at });
  }
  timeOut(): string[] {
    return this.handle({ type: 'timer.fired', at: ++this.at, timer: 'run-timeout' });
  }
  get states(): string[] {
    return Array.from({ length: this.scheduler.graph.size }, (_, task) => this.scheduler.stateOf(task));
  }

  #ended(task: number, outcome: 'succeeded' | 'failed' | 'cancelled'): string[] {
    return this.handle({ type: 'task.ended', at: ++this.at, task, outcome });
  }
}

export function sayInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case 'task.start':
      return `start ${instruction.task}${instruction.group === undefined ? '' : ` on ${instruction.group}`}`;
    case 'lease.want':
      return `want ${instruction.task}`;
    case 'lease.release':
      return `release ${instruction.task}`;
    case 'task.cancel':
      return `cancel ${instruction.task}`;
    case 'timer.set':
      return `set ${timerOf(instruction)} ${instruction.at}`;
    case 'timer.drop':
      return `drop ${timerOf(instruction)}`;
    case 'subrun.pause':
      return `pause ${instruction.task} ${instruction.mode}`;
    case 'subrun.resume':
      return `resume ${instruction.task}`;
    case 'compensate':
      return `compensate ${instruction.tasks.join(' ')}`;
    case 'run.end':
      return `end ${instruction.status}`;
  }
}

function timerOf({ timer, task }: Extract<Instruction, { type: 'timer.set' | 'timer.drop' }>): string {
  return task === undefined ? timer : `${timer} ${task}`;
}
