import { defineSearchAttributeKey } from '@temporalio/common';

/** The name of the run's dag. */
export const DAG_KEY = defineSearchAttributeKey('DagwrightDag', 'KEYWORD');
/** The run's state: one of RUN_STATES. */
export const STATE_KEY = defineSearchAttributeKey('DagwrightState', 'KEYWORD');
/** How many tasks have failed so far. */
export const FAILED_TASKS_KEY = defineSearchAttributeKey('DagwrightFailedTasks', 'INT');
/** The dag's tags. */
export const TAGS_KEY = defineSearchAttributeKey('DagwrightTags', 'KEYWORD_LIST');

/** By these, runs are found in Temporal's Web UI and by `list`. A worker adds them to its namespace. */
export const SEARCH_ATTRIBUTE_KEYS = [DAG_KEY, STATE_KEY, FAILED_TASKS_KEY, TAGS_KEY] as const;
