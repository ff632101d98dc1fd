import type { FunctionDefinition } from '../spec/function-definition.js';
import { createFunctionHandler } from './function.js';
import type { Handler, Handlers } from './handler.js';
import { createHttpHandler } from './http.js';
import { createShellHandler, type ShellOptions } from './shell.js';

/** What a process that runs tasks has to offer them. */
export interface HandlerOptions extends ShellOptions {
  /** The functions that `uses: function` tasks may call. Default: none. */
  readonly functions?: Iterable<FunctionDefinition>;
}

/**
 * Every handler, by name: a new one is added here.
 * @throws Error where two functions have one name.
 */
export function createHandlers(options: HandlerOptions): Handlers {
  const handlers: readonly Handler[] = [
    createShellHandler(options),
    createHttpHandler(),
    createFunctionHandler(options.functions ?? []),
  ];
  return new Map(handlers.map((handler) => [handler.name, handler]));
}
