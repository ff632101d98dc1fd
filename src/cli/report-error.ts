import { DagwrightError } from '../dag/errors.js';
import { EXIT, exitCodeOfError } from './exit-code.js';
import { printError, printJson } from './output.js';

/**
 * Says what went wrong: `error CODE: message` and the hint on stderr, or an object `{ error }` on stdout for `--json`.
 * @returns the exit code.
 */
export function reportError(error: unknown, options: { readonly json: boolean }): number {
  if (!isCoded(error)) return reportBug(error, options);
  const { code, message, hint } = error;
  if (options.json) {
    printJson({ error: { code, message, ...(hint === undefined ? {} : { hint }), ...diagnosticsOf(error) } });
  } else {
    printError(`error ${code}: ${message}`);
    if (hint !== undefined) printError(`hint: ${hint}`);
  }
  return exitCodeOfError(code);
}

/** A user's module may throw the error of another copy of Dagwright. */
function isCoded(error: unknown): error is DagwrightError {
  return error instanceof DagwrightError || (error instanceof Error && error.name === 'DagwrightError');
}

function reportBug(error: unknown, options: { readonly json: boolean }): number {
  const message = error instanceof Error ? error.message : String(error);
  if (options.json) printJson({ error: { code: 'INTERNAL', message } });
  printError(`error INTERNAL: ${error instanceof Error ? (error.stack ?? message) : message}`);
  printError('hint: This looks like a bug in Dagwright; please report it with the lines above.');
  return EXIT.failed;
}

function diagnosticsOf(error: DagwrightError): object {
  return 'diagnostics' in error ? { diagnostics: error.diagnostics } : {};
}
