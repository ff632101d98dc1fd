import { describe, expect, it } from 'vitest';
import { createPolicy } from '../policy/policies.js';
import type { SchedulerEvent } from './event.js';
import { buildGraph, type Graph } from './graph.js';
import type { Instruction } from './instruction.js';
import { Scheduler, type SchedulerOptions } from './scheduler.js';

/** `[from, to]`: task `to` needs task `from`. */
function graphFrom(size: number, edges: readonly (readonly [number, number])[]): Graph {
  return buildGraph(
    size,
    edges.map(([from]) => from),
    edges.map(([, to]) => to),
  );
}

const DIAMOND = graphFrom(4, [
  [0, 1],
  [0, 2],
  [1, 3],
  [2, 3],
]);
const CHAIN = graphFrom(3, [
  [0, 1],
  [1, 2],
]);
const WIDE = graphFrom(6, []);

/** A scheduler and its clock, checked after every event. Instructions read as `start 1`. */
class Driver {
  readonly scheduler: Scheduler;
  at = 1_000;

  constructor(graph: Graph, options: Partial<SchedulerOptions> = {}) {
    this.scheduler = new Scheduler(graph, { concurrency: 10, policy: createPolicy('fcfs'), ...options });
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

function sayInstruction(instruction: Instruction): string {
  switch (instruction.type) {
    case 'task.start':
      return `start ${instruction.task}`;
    case 'task.cancel':
      return `cancel ${instruction.task}`;
    case 'timer.set':
      return `set ${instruction.timer} ${instruction.at}`;
    case 'timer.drop':
      return `drop ${instruction.timer}`;
    case 'run.end':
      return `end ${instruction.status}`;
  }
}

describe('a run without incidents', () => {
  it('starts a task the moment its dependencies have succeeded, in the order of declaration', () => {
    const driver = new Driver(DIAMOND);
    expect(driver.began()).toEqual(['start 0']);
    expect(driver.succeeded(0)).toEqual(['start 1', 'start 2']);
    expect(driver.succeeded(2)).toEqual([]);
    expect(driver.succeeded(1)).toEqual(['start 3']);
    expect(driver.succeeded(3)).toEqual(['end succeeded']);
    expect(driver.scheduler.state).toBe('succeeded');
  });

  it('keeps to the window', () => {
    const driver = new Driver(WIDE, { concurrency: 2 });
    expect(driver.began()).toEqual(['start 0', 'start 1']);
    expect(driver.succeeded(1)).toEqual(['start 2']);
    expect(driver.scheduler.running).toBe(2);
    expect(driver.scheduler.counts).toMatchObject({ ready: 3, running: 2, succeeded: 1 });
  });

  it('ends at once where there is no task', () => {
    expect(new Driver(graphFrom(0, []), { timeout: 5 }).began()).toEqual(['end succeeded']);
  });
});
