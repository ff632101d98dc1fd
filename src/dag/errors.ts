/**
 * Every code that Dagwright's own errors carry, with its meaning. docs/errors.md lists the same; a test holds the two
 * together. Codes of dag-file diagnostics are listed apart, in spec/diagnostic.ts.
 */
export const ERROR_CODES = {
  DAG_INVALID: 'The dag has problems; `diagnostics` lists them all.',
  DAG_TOO_LARGE: 'The dag and its params are over what the server takes in one piece.',
  PARAM_INVALID: 'A param is missing, unknown, or not of its type.',
  RUN_NOT_FOUND: 'No run has this id.',
  RUN_ENDED: 'The run has ended, so nothing of it can be changed.',
  TASK_NOT_FOUND: 'The run has no task of this name.',
  ACT_INVALID: 'What was asked of the run makes no sense: a field is missing, unknown, or not of its type.',
  ACT_REFUSED: 'The run, or the task, is in a state that does not allow it. Nothing was changed.',
  RUN_NOT_ENDED: 'The run goes on, so it cannot be run again.',
  LOG_NOT_FOUND: 'This machine has no log of the attempt.',
  RUN_ID_TAKEN: 'The run id belongs to something that is not a run of this dag.',
  RUN_ID_INVALID: 'The run id is empty, too long, or has characters that are not allowed.',
  PRIORITY_INVALID: "A run's priority, its fairness key or that key's weight is out of its range.",
  POOL_NOT_FOUND: 'Runs share no pool of this name.',
  POOL_INVALID: 'What is to be set of a shared pool, or its name, makes no sense.',
  STATS_NOT_FOUND: 'Nothing is known of how long tasks of a dag of this name take.',
  RUN_TERMINATED: 'The run was terminated, or timed out, from outside; its result was never written.',
  SERVER_UNREACHABLE: 'No Temporal server answered.',
  SERVER_START_FAILED: 'The Temporal dev server did not start.',
  TEMPORAL_CLI_MISSING: 'The Temporal CLI is not on this machine and could not be installed.',
  NAMESPACE_NOT_FOUND: 'The Temporal server has no namespace of this name.',
  CONFIG_INVALID: 'A setting from the environment, a profile or a program makes no sense.',
  NO_WORKER: 'No worker polls the task queue.',
  FUNCTIONS_INVALID:
    'A module of functions or of a dag is missing, cannot be loaded, or does not export what it should.',
  EXECUTOR_UNSUPPORTED: 'The dag has a task that the chosen executor cannot run.',
  PLAN_INVALID: 'A file to simulate is not what its format says.',
  USAGE: 'A command was called with arguments that make no sense.',
  INTERRUPTED: 'The command was interrupted before its run started.',
  INTERNAL: 'A bug in Dagwright.',
  TASK_FAILED: 'The task threw an error that has no code.',
  TASK_CANCELLED: 'The task was cancelled.',
  TASK_TIMEOUT: 'The task ran over one of its time limits.',
  TASK_LOST: 'The worker that ran the task died, too many times.',
  TASK_INPUT_INVALID: "The task's settings or input did not pass their schema.",
  TASK_INPUT_TOO_LARGE: 'The params and the outputs that the task is handed are over the limit.',
  TASK_OUTPUT_INVALID: "The task's output is not JSON, or did not pass its schema.",
  TASK_OUTPUT_TOO_LARGE: "The task's output is over the limit.",
  CHECKPOINT_INVALID: 'What the task left for its next attempt is not JSON, or is over the limit.',
  EXPRESSION_FAILED: 'An expression has no value: a field is missing, types do not fit, or a limit is hit.',
  SHELL_EXIT: 'The command ended with a code other than 0, or by a signal.',
  SHELL_SPAWN: 'The command could not be started.',
  FUNCTION_NOT_REGISTERED: 'The worker that took the task has no function of this name.',
  FUNCTION_FAILED: 'The function threw.',
  HTTP_STATUS: 'The answer had a status that counts as a failure.',
  HTTP_FAILED: 'The request got no answer.',
  HTTP_BODY_TOO_LARGE: "The answer's body is over the limit.",
  FANOUT_INVALID: 'What the task fans out over is not a list, or has too many items.',
  FANOUT_FAILED: 'More items of a fan-out failed than the task tolerates.',
  SUBRUN_FAILED: 'The run that the task is did not succeed.',
  WAIT_INVALID: 'What the task waits for is no time.',
  EVENT_TIMEOUT: 'The event did not come in time.',
  POLL_TIMEOUT: 'The condition that the task waits for did not come true in time.',
  APPROVAL_REJECTED: 'A person said no.',
  APPROVAL_TIMEOUT: 'Nobody decided in time.',
  SECRET_MISSING: 'The worker that took the task has no secret of this name.',
  ARTIFACT_MISSING: 'A file that the task should leave, or take, is not there.',
  STORE_FAILED: 'The store of large values and artifacts could not be written or read.',
  ACTIVITY_FAILED: 'The activity failed without a type.',
} as const;

/** A code of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error a user can act on: a stable `code`, a plain sentence, and a `hint` that says what to do. */
export class DagwrightError extends Error {
  override readonly name = 'DagwrightError';
  readonly code: ErrorCode;
  /** The fix, in a sentence. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
