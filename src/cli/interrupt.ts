import { EXIT } from './exit-code.js';
import { printError } from './output.js';

/**
 * Calls `first` at the first Ctrl-C (or SIGTERM); the second one quits at once. Until then the process does not end by
 * them.
 * @returns a function that gives the signals back.
 */
export function onInterrupt(first: () => void): () => void {
  let count = 0;
  const handle = (): void => {
    count += 1;
    if (count === 1) {
      first();
    } else {
      printError('Quit.');
      process.exit(EXIT.detached);
    }
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return () => {
    process.off('SIGINT', handle);
    process.off('SIGTERM', handle);
  };
}
