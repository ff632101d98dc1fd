import type { Param } from '../dag/dag.js';
import type { Shape } from './shape.js';
import type { Type } from './value.js';

/** What an expression may begin with. */
export const ROOTS = ['params', 'tasks', 'run', 'item', 'index', 'env', 'secrets', 'error', 'output', 'event'] as const;
export type Root = (typeof ROOTS)[number];

/** What is known of a task: `tasks.NAME.FIELD`. */
export const TASK_FIELDS = ['output', 'status', 'error', 'attempts'] as const;
export type TaskField = (typeof TASK_FIELDS)[number];

/** What is known of the run: `run.FIELD`. */
export const RUN_FIELDS = ['id', 'dag'] as const;

/** What is known of an error: `error.FIELD`. */
export const ERROR_FIELDS = ['code', 'message', 'details', 'cause'] as const;

/** What an expression is checked against. What is left out is not checked. */
export interface Scope {
  /** The roots that mean something in this place. Default: all. */
  readonly roots?: readonly Root[];
  /** The names of the dag's tasks. */
  readonly tasks?: ReadonlySet<string>;
  /** The dag's params, by name. */
  readonly params?: Readonly<Record<string, Param>>;
  /** The names of the variables that `env` has. */
  readonly env?: ReadonlySet<string>;
  /** The names of the secrets. */
  readonly secrets?: ReadonlySet<string>;
  /** What is known of the outputs of tasks, by their names. */
  readonly outputs?: ReadonlyMap<string, Shape>;
  /** Why a root means nothing in this place, where the usual sentence would mislead. */
  readonly hints?: Readonly<Partial<Record<Root, string>>>;
  /** What the place takes: `when` takes a `bool`. Default: anything. */
  readonly result?: Type;
  /** A sentence that names what a wrong name may have meant: `didYouMean` of src/spec. */
  readonly didYouMean?: (name: string, names: Iterable<string>) => string | undefined;
}

/** A place that names a task. */
export interface TaskReference {
  readonly name: string;
  readonly field: TaskField;
  /** Offset of `tasks` in the text that was given. */
  readonly from: number;
  /** Offset after the field. */
  readonly to: number;
}

/** What an expression takes from outside. */
export interface References {
  /** In the order of their places; a task may come more than once. */
  readonly tasks: readonly TaskReference[];
  /** The names of params, each once. An expression that takes all of them (`params` alone) names none. */
  readonly params: readonly string[];
  /** The names of variables of `env`, each once. */
  readonly env: readonly string[];
  /** The names of secrets, each once. */
  readonly secrets: readonly string[];
  /** Each root once. */
  readonly roots: readonly Root[];
}

/** The type that a param's values have in expressions. */
export function typeOfParam(param: Param): Type {
  switch (param.type) {
    case 'string':
      return 'string';
    case 'number':
      return 'number';
    case 'integer':
      return 'int';
    case 'boolean':
      return 'bool';
    case 'json':
      return 'dyn';
  }
}
