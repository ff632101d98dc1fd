import type { ErrorCode } from '../dag/errors.js';
import type { RunState } from '../dag/run-state.js';

/** What `dagwright` exits with. `--help` lists the same. */
export const EXIT = {
  /** The command did what it should; a run that was waited for succeeded. */
  succeeded: 0,
  /** The run did not succeed, the file has errors, or the command was refused. */
  failed: 1,
  /** The command was called with arguments or settings that make no sense. */
  usage: 2,
  /** No Temporal server answers, or none could be started. */
  noServer: 3,
  /** Ctrl-C: the run goes on without this process, or was not started yet. */
  detached: 130,
} as const;

/** The exit codes, for `--help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0    it succeeded
  1    the run did not succeed, or the file has errors
  2    the command was used wrongly
  3    no server
  130  Ctrl-C: detached, and the run goes on; or it was not started yet`;

const USAGE_CODES: readonly ErrorCode[] = [
  'USAGE',
  'PARAM_INVALID',
  'RUN_ID_INVALID',
  'PRIORITY_INVALID',
  'ACT_INVALID',
  'POOL_INVALID',
  'CONFIG_INVALID',
  'NAMESPACE_NOT_FOUND',
];
const SERVER_CODES: readonly ErrorCode[] = ['SERVER_UNREACHABLE', 'SERVER_START_FAILED', 'TEMPORAL_CLI_MISSING'];

/** The exit code for an error with this code. */
export function exitCodeOfError(code: ErrorCode): number {
  if (USAGE_CODES.includes(code)) return EXIT.usage;
  if (code === 'INTERRUPTED') return EXIT.detached;
  return SERVER_CODES.includes(code) ? EXIT.noServer : EXIT.failed;
}

/** The exit code for a run that was waited for. */
export function exitCodeOfRun(state: RunState): number {
  return state === 'succeeded' ? EXIT.succeeded : EXIT.failed;
}
