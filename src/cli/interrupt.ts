import { EXIT } from './exit-code.js';
import { printError } from './output.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What a person at the terminal, or whoever minds the process, asks of it. */
export interface Interrupt {
  /** Aborted at the first Ctrl-C (SIGTERM and SIGHUP count too). The second one ends the process at once. */
  readonly signal: AbortSignal;
  /** Lets these signals end the process again. */
  release(): void;
}

/** From here on, the process does not end at the first Ctrl-C: the command ends it in order. */
export function takeInterrupts(): Interrupt {
  const controller = new AbortController();
  const handle = (): void => {
    if (controller.signal.aborted) {
      printError('Quit.');
      process.exit(EXIT.detached);
    }
    controller.abort();
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    signal: controller.signal,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
}
