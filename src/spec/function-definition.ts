import type { z } from 'zod';
import type { TaskContext } from '../activities/handler.js';

/**
 * A TypeScript function that tasks may use. A worker registers it by its name.
 *
 * `Given` is what a task gives as `input`, `Output` what the tasks that need it get.
 */
export interface FunctionDefinition<Name extends string = string, Given = unknown, Output = unknown> {
  readonly name: Name;
  /** Checks the input before the function runs. */
  readonly input?: z.ZodType;
  /** Checks the output before anybody sees it. */
  readonly output?: z.ZodType;
  /** The function. `input` is what the schema made of the task's input. */
  run(input: unknown, context: TaskContext): unknown;
  /** Never there; carries the types. */
  types?(given: Given): Output;
}

/**
 * Defines a function that tasks may use: `defineFunction('convert', { input: z.object({...}), run: (input) => ... })`.
 *
 * Without `input` or `output` schemas the types come from `run`, and nothing is checked at run time.
 */
export function defineFunction<const Name extends string, Input, Result, Given = Input, Output = Result>(
  name: Name,
  options: {
    /** The schema of the input. */
    readonly input?: z.ZodType<Input, Given>;
    /** The schema of the output. */
    readonly output?: z.ZodType<Output, Result>;
    /** What it does. It may run more than once: see `context.idempotencyKey`. */
    readonly run: (input: Input, context: TaskContext) => Result | Promise<Result>;
  },
): FunctionDefinition<Name, Given, Output> {
  const { input, output, run } = options;
  return {
    name,
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    run: (given, context) => run(given as Input, context),
  };
}
