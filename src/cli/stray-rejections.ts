import { inspect } from 'node:util';
import { printError } from './output.js';

/**
 * Lets this process live on where a function of the user leaves a promise behind that is rejected. By itself Node would
 * end it, and with it every other task of the worker; the next worker would take the task, and end too.
 */
export function outliveStrayRejections(): void {
  process.on('unhandledRejection', (reason) => {
    printError(`warning: a promise was rejected that nobody waits for: ${inspect(reason)}`);
  });
}
