import type { z } from 'zod';
import type { Json } from '../dag/json.js';
import type { FunctionDefinition } from '../spec/function-definition.js';
import { didYouMean } from '../spec/near-name.js';
import type { FunctionWith } from '../spec/with.js';
import { causeOf, messageOf } from './failure.js';
import { TaskFailure, type Handler, type TaskContext } from './handler.js';
import { outputInvalid } from './output.js';

/** A function as a worker registers it. */
export type RegisteredFunction = FunctionDefinition;

const STACK_LINES = 8;
const MAXIMUM_ISSUES = 10;
const LISTED_NAMES = 10;

/**
 * The handler of `uses: function`: calls a registered function with `with.input`, after its schema, and gives what it
 * returns, after its schema.
 * @throws Error where two functions have one name.
 * @throws TaskFailure (the handler) FUNCTION_NOT_REGISTERED, TASK_INPUT_INVALID, TASK_OUTPUT_INVALID, FUNCTION_FAILED,
 *   or the TaskFailure that the function threw.
 */
export function createFunctionHandler(functions: Iterable<FunctionDefinition>): Handler {
  const byName = new Map<string, FunctionDefinition>();
  for (const definition of functions) {
    if (byName.has(definition.name)) throw new Error(`Two functions are named "${definition.name}".`);
    byName.set(definition.name, definition);
  }
  return {
    name: 'function',
    async run(call, context) {
      const settings = call.with as unknown as FunctionWith;
      const definition = byName.get(settings.name);
      if (definition === undefined) throw notRegistered(settings.name, [...byName.keys()]);
      const input = await parseInput(definition, settings.input);
      const result = await callFunction(definition, input, context);
      // Whether it is JSON is for the attempt to check.
      return (await parseOutput(definition, result)) as Json | undefined;
    },
  };
}

async function callFunction(definition: FunctionDefinition, input: unknown, context: TaskContext): Promise<unknown> {
  try {
    return await definition.run(input, context);
  } catch (thrown) {
    if (thrown instanceof TaskFailure) throw thrown;
    // Where a stopped function was says nothing about why it stopped.
    const stack = thrown instanceof Error && !context.signal.aborted ? shortStack(thrown) : undefined;
    throw new TaskFailure(
      { code: 'FUNCTION_FAILED', message: messageOf(thrown), ...(stack === undefined ? {} : { details: { stack } }) },
      { cause: causeOf(thrown) },
    );
  }
}

async function parseInput(definition: FunctionDefinition, value: unknown): Promise<unknown> {
  const result = await definition.input?.safeParseAsync(value);
  if (result === undefined) return value;
  if (result.success) return result.data;
  const message = `The input of "${definition.name}" does not fit: ${sentenceOf(result.error.issues, 'input')}`;
  throw new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
}

async function parseOutput(definition: FunctionDefinition, value: unknown): Promise<unknown> {
  const result = await definition.output?.safeParseAsync(value);
  if (result === undefined) return value;
  if (result.success) return result.data;
  throw outputInvalid(`The output of "${definition.name}" does not fit: ${sentenceOf(result.error.issues, 'output')}`);
}

function sentenceOf(issues: z.ZodError['issues'], root: string): string {
  const parts = issues.slice(0, MAXIMUM_ISSUES).map(({ path, message }) => {
    const where = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    return `${root}${where}: ${message}`;
  });
  const more = issues.length - parts.length;
  return `${parts.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}

function notRegistered(name: string, names: readonly string[]): TaskFailure {
  const listed = names.slice(0, LISTED_NAMES).join(', ') + (names.length > LISTED_NAMES ? ', ...' : '');
  const hint = didYouMean(name, names) ?? (names.length === 0 ? 'It has none.' : `It has: ${listed}.`);
  const message = `This worker has no function "${name}". ${hint}`;
  return new TaskFailure({ code: 'FUNCTION_NOT_REGISTERED', message }, { retryable: false });
}

function shortStack(error: Error): string | undefined {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return frames === undefined || frames.length === 0 ? undefined : frames.slice(0, STACK_LINES).join('\n');
}
