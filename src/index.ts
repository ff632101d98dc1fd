/** What a TypeScript user imports. */
export { TaskFailure, type TaskContext, type TaskLog } from './activities/handler.js';
export { createHandlers, type HandlerOptions } from './activities/handlers.js';
export { DagClient, type ConnectOptions, type StartOptions } from './client/dag-client.js';
export type { DagStats } from './client/dag-stats.js';
export type { ListOptions, RunSummary } from './client/list-runs.js';
export type { WorkerSummary } from './client/list-workers.js';
export type { Rerun } from './client/rerun.js';
export { RunHandle } from './client/run-handle.js';
export type { RunPriority } from './client/run-priority.js';
export type { Act, ActAnswer, ActRecord, ActRequest, ActType } from './run/act.js';
export type {
  Artifacts,
  Compensation,
  ControlName,
  Dag,
  Dependency,
  ForEach,
  HandlerName,
  Param,
  ParamType,
  Poll,
  RetryPolicy,
  RetryRule,
  Task,
  Timeouts,
} from './dag/dag.js';
export { DagwrightError, ERROR_CODES, type ErrorCode } from './dag/errors.js';
export { environmentSecrets, type SecretSource } from './activities/secrets.js';
export type { Explanation, Reason, ReasonCode } from './run/explanation.js';
export type { TaskStats } from './estimate/stats.js';
export type { Json, JsonObject } from './dag/json.js';
export type { PolicyName } from './dag/policy.js';
export type { Progress } from './dag/progress.js';
export type { PoolChange } from './pool/pool-message.js';
export type { PoolPolicy } from './pool/pool-policy.js';
export type { PoolDescription, PoolLease } from './pool/shared-pool.js';
export type { RerunOptions } from './run/rerun.js';
export type { RunEvent } from './run/run-event.js';
export type { PauseMode, RunEndState, RunState } from './dag/run-state.js';
export type {
  AddTasksOptions,
  PauseDescription,
  PauseOptions,
  Run,
  RunDescription,
  RunResult,
  TaskDescription,
  TaskResult,
  WaitDescription,
} from './run/run.js';
export type { TaskError } from './dag/task-error.js';
export type { TaskEndState, TaskState } from './dag/task-state.js';
export { runLocally, type LocalOptions } from './executor/local.js';
export { checkTasks, parseTasks, type AddedTasks } from './spec/added-tasks.js';
export { dag, type DagDefinition, type DagOptions } from './spec/builder.js';
export { DagInvalidError } from './spec/dag-invalid.js';
export { DIAGNOSTIC_CODES, formatDiagnostic, type Diagnostic, type DiagnosticCode } from './spec/diagnostic.js';
export { defineFunction, type FunctionDefinition } from './spec/function-definition.js';
export { dagJsonSchema } from './spec/json-schema.js';
export { loadDagFile } from './spec/load.js';
export { resolveParams } from './spec/params.js';
export { parseDag, validateDag, type ParsedDag } from './spec/parse.js';
export type { ApprovalOptions, ApprovalOutput, EventOptions, PollOptions, SwitchOptions } from './spec/task-action.js';
export { task, type TaskDefinition } from './spec/task-definition.js';
export type { DagTest, Decision, DoubleEnding, Expectations, TaskDouble } from './testing/dag-test.js';
export type { TestFailure } from './testing/expectations.js';
export { testDag, type DagTestResult } from './testing/test-dag.js';
export { DagWorker, type DagWorkerOptions } from './worker/dag-worker.js';
export type { GroupOptions } from './worker/group-options.js';
