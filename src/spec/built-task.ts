import type { TaskContext } from '../activities/handler.js';
import type { FunctionDefinition } from './function-definition.js';
import type { Branch, CompensateOptions, HandlerAction } from './task-action.js';
import type { TaskDefinition } from './task-definition.js';

type Fields = Readonly<Record<string, unknown>>;

/** The tasks of a dag that is being built, as a dag file would have them. */
export class BuiltTasks {
  /** What is wrong with their names, in sentences. */
  readonly problems: string[] = [];
  /** Those that the tasks use, by name. */
  readonly functions = new Map<string, FunctionDefinition>();
  readonly #dag: string;
  readonly #byName = new Map<string, TaskDefinition>();

  constructor(dag: string) {
    this.#dag = dag;
  }

  /** Adds tasks, and gives them by name. */
  add(tasks: Iterable<TaskDefinition>): Fields {
    const entries: [string, unknown][] = [];
    for (const definition of tasks) {
      const { name } = definition;
      if (this.#byName.has(name)) this.problems.push(`Two tasks are called \`${name}\`.`);
      this.#byName.set(name, definition);
      entries.push([name, this.#task(definition)]);
    }
    return Object.fromEntries(entries);
  }

  #task({ name, options }: TaskDefinition): Fields {
    const { needs, run, shell, uses, input, http, activity, subDag, params, event, approval, ...rest } = options;
    const { poll, compensate, artifacts, cases, default: otherwise, ...common } = rest;
    const shared = {
      ...common,
      needs: needs?.map((needed) =>
        'task' in needed ? { task: needed.task.name, weight: needed.weight } : needed.name,
      ),
      compensate: compensate === undefined ? undefined : this.#compensation(`${name}.undo`, compensate),
      artifacts: artifacts === undefined ? undefined : artifactsOf(artifacts),
      cases: cases === undefined ? undefined : mapped(cases, namesOf),
      default: otherwise === undefined ? undefined : namesOf(otherwise),
    };
    const control = (control: string, settings: Fields): Fields =>
      defined({ ...shared, uses: control, with: defined(settings) });
    if (subDag !== undefined) {
      for (const one of subDag.functions) this.#use(one);
      return control('dag', { dag: subDag.dag, params });
    }
    if (event !== undefined) return control('event', { ...event });
    if (approval !== undefined) return control('approval', { ...approval });
    const action = this.#action(name, defined({ run, shell, uses, input, http, activity }) as Partial<HandlerAction>);
    return poll === undefined ? defined({ ...shared, ...action }) : control('poll', { ...action, ...poll });
  }

  #compensation(name: string, given: CompensateOptions): unknown {
    if (typeof given === 'string') return given;
    const { env, retry, timeout, ...action } = given;
    return defined({ env, retry, timeout, ...this.#action(name, action as Partial<HandlerAction>) });
  }

  /** `uses` and `with`, or `run`. */
  #action(name: string, { run, shell, uses, input, http, activity }: Partial<HandlerAction>): Fields {
    const used = typeof run === 'function' ? inline(`${this.#dag}.${name}`, run) : uses;
    if (used !== undefined) {
      this.#use(used);
      return { uses: 'function', with: defined({ name: used.name, input }) };
    }
    if (shell !== undefined) return { uses: 'shell', with: shell };
    if (http !== undefined) return { uses: 'http', with: http };
    if (activity !== undefined) return { uses: 'activity', with: activity };
    return defined({ run });
  }

  #use(used: FunctionDefinition): void {
    const known = this.functions.get(used.name);
    if (known !== undefined && known !== used) this.problems.push(`Two functions are called \`${used.name}\`.`);
    this.functions.set(used.name, used);
  }
}

function inline(name: string, run: (context: never) => unknown): FunctionDefinition {
  const call = run as unknown as (context: TaskContext) => unknown;
  return { name, run: (_input, context) => call(context) };
}

function artifactsOf({ save, load }: NonNullable<TaskDefinition['options']['artifacts']>): Fields {
  const loaded =
    load === undefined
      ? undefined
      : mapped(load, (from) => (typeof from === 'string' ? from : `${from.task.name}.${from.artifact}`));
  return defined({ save, load: loaded });
}

function namesOf(branch: Branch): string | string[] {
  if (typeof branch === 'string') return branch;
  const list = Array.isArray(branch) ? (branch as readonly (TaskDefinition | string)[]) : [branch as TaskDefinition];
  return list.map((one) => (typeof one === 'string' ? one : one.name));
}

function mapped<Value, Other>(values: Readonly<Record<string, Value>>, change: (value: Value) => Other): Fields {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

function defined(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
