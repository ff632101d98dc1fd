import type { Plan } from '../plan.js';
import { graphPlan, MOST_TASKS, type GraphTask } from './graph-plan.js';
import { planInvalid, shown, shownWhole } from './plan-invalid.js';

/** The versions that are read. In 1.4 the tasks have their times themselves; later those stand apart. */
const VERSIONS = ['1.4', '1.5', '1.6'];
/** Seconds: 100 years. */
const LONGEST = 3_155_760_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a trace of WfCommons: WfFormat 1.4 to 1.6, as JSON. A task's time is its `runtimeInSeconds`.
 * @throws DagwrightError PLAN_INVALID, with file and the path of the value.
 */
export function parseWfFormat(file: string, text: string): Plan {
  const reader = new Reader(file);
  const trace = reader.object(reader.json(text), '$');
  const version = reader.text(trace['schemaVersion'], 'schemaVersion');
  if (!VERSIONS.includes(version)) {
    throw planInvalid(
      file,
      'schemaVersion',
      `The version is "${shown(version)}"; ${VERSIONS.join(', ')} can be read.`,
      'Convert the trace with the tools of WfCommons.',
    );
  }
  const workflow = reader.object(trace['workflow'], 'workflow');
  const { tasks, at, runtimes } =
    version === '1.4' && workflow['specification'] === undefined ? reader.together(workflow) : reader.apart(workflow);
  const indexes = new Map<string, number>();
  const byName = new Map<string, number | undefined>();
  const ids = tasks.map((task, index) => {
    const id = reader.idOf(task, `${at}[${index}]`);
    if (indexes.has(id)) {
      throw planInvalid(file, `${at}[${index}].id`, `Two tasks have the id "${shown(id)}".`, 'Give each its own.');
    }
    indexes.set(id, index);
    const { name } = task;
    if (typeof name === 'string') byName.set(name, byName.has(name) ? undefined : index);
    return id;
  });
  const needs = tasks.map(() => new Set<number>());
  const link = (from: number, to: number, place: string): void => {
    if (from === to) throw planInvalid(file, place, `The task "${shown(ids[to])}" needs itself.`, 'Take it out.');
    needs[to]!.add(from);
  };
  tasks.forEach((task, index) => {
    for (const [field, isParent] of [
      ['parents', true],
      ['children', false],
    ] as const) {
      reader.list(task[field] ?? [], `${at}[${index}].${field}`).forEach((value, position) => {
        const place = `${at}[${index}].${field}[${position}]`;
        const called = reader.text(value, place);
        // Traces of 1.4 name their tasks by either.
        const other = indexes.get(called) ?? byName.get(called);
        if (other === undefined) {
          throw planInvalid(file, place, `There is no task "${shown(value)}".`, 'Name the id of a task.');
        }
        if (isParent) link(other, index, place);
        else link(index, other, place);
      });
    }
  });
  const graph = tasks.map((_, index): GraphTask => {
    const id = ids[index]!;
    const seconds = runtimes(id, index);
    return { name: id, duration: Math.round(seconds * 1_000), needs: [...needs[index]!].sort((a, b) => a - b) };
  });
  return graphPlan(file, graph, (task) => `${at}[${task}]`);
}

/** The tasks of a trace, where they stand, and the seconds that each ran. */
interface Trace {
  readonly tasks: readonly Fields[];
  readonly at: string;
  readonly runtimes: (id: string, task: number) => number;
}

class Reader {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  json(text: string): unknown {
    try {
      return JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
    } catch (cause) {
      const { message } = cause as Error;
      const [, position] = /position (\d+)/.exec(message) ?? [];
      const line = position === undefined ? 1 : text.slice(0, Number(position)).split('\n').length;
      throw planInvalid(this.#file, line, `It is not JSON: ${shown(message)}`, 'See whether the file is whole.');
    }
  }

  /** 1.5 and later: `specification.tasks` and `execution.tasks`, joined by id. */
  apart(workflow: Fields): Trace {
    const at = 'workflow.specification.tasks';
    const specification = this.object(workflow['specification'], 'workflow.specification');
    const tasks = this.tasks(specification['tasks'], at);
    const execution = this.object(workflow['execution'], 'workflow.execution');
    const ran = 'workflow.execution.tasks';
    const runtimes = new Map<string, number>();
    this.tasks(execution['tasks'], ran).forEach((task, index) => {
      const id = this.idOf(task, `${ran}[${index}]`);
      if (runtimes.has(id)) {
        throw planInvalid(this.#file, `${ran}[${index}].id`, `"${shown(id)}" ran twice.`, 'Keep one of the two.');
      }
      runtimes.set(id, this.seconds(task, `${ran}[${index}]`));
    });
    return {
      tasks,
      at,
      runtimes: (id, index) => {
        const seconds = runtimes.get(id);
        if (seconds !== undefined) return seconds;
        throw planInvalid(
          this.#file,
          `${at}[${index}].id`,
          `Nothing says how long "${shown(id)}" ran.`,
          `Add it to ${ran}, with its runtimeInSeconds.`,
        );
      },
    };
  }

  /** 1.4: `tasks` has all. */
  together(workflow: Fields): Trace {
    const at = 'workflow.tasks';
    const tasks = this.tasks(workflow['tasks'], at);
    return { tasks, at, runtimes: (_, index) => this.seconds(tasks[index]!, `${at}[${index}]`) };
  }

  idOf(task: Fields, at: string): string {
    const id = task['id'] === undefined ? this.text(task['name'], `${at}.name`) : this.text(task['id'], `${at}.id`);
    if (id === '') throw planInvalid(this.#file, `${at}.id`, 'The id is empty.', 'Give the task an id.');
    if (id === shownWhole(id)) return id;
    throw planInvalid(
      this.#file,
      `${at}.id`,
      `"${shown(id)}" has characters that cannot be shown.`,
      'Rename the task.',
    );
  }

  seconds(task: Fields, at: string): number {
    const field =
      task['runtimeInSeconds'] === undefined && task['runtime'] !== undefined ? 'runtime' : 'runtimeInSeconds';
    const value = task[field];
    if (typeof value === 'number' && value >= 0 && value <= LONGEST) return value;
    const problem = value === undefined ? 'is missing' : `is ${shown(value)}`;
    throw planInvalid(this.#file, `${at}.${field}`, `The time ${problem}.`, 'Give the seconds, 0 or more.');
  }

  tasks(value: unknown, at: string): Fields[] {
    const tasks = this.list(value, at);
    if (tasks.length === 0) throw planInvalid(this.#file, at, 'There are no tasks.', 'See whether the file is whole.');
    if (tasks.length > MOST_TASKS) {
      throw planInvalid(this.#file, at, `There are over ${MOST_TASKS} tasks.`, 'Take a smaller trace.');
    }
    return tasks.map((task, index) => this.object(task, `${at}[${index}]`));
  }

  object(value: unknown, at: string): Fields {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
    throw this.#wrong(value, at, 'an object');
  }

  list(value: unknown, at: string): readonly unknown[] {
    if (Array.isArray(value)) return value as readonly unknown[];
    throw this.#wrong(value, at, 'a list');
  }

  text(value: unknown, at: string): string {
    if (typeof value === 'string') return value;
    throw this.#wrong(value, at, 'a text');
  }

  #wrong(value: unknown, at: string, kind: string): Error {
    const problem = value === undefined ? `is missing` : `is ${shown(value)}`;
    return planInvalid(
      this.#file,
      at,
      `It ${problem}; it should be ${kind}.`,
      'See whether the file is of WfFormat 1.4 to 1.6, and whole.',
    );
  }
}
