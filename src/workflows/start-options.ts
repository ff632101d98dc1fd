import { TypedSearchAttributes, type SearchAttributePair } from '@temporalio/common';
import type { Dag } from '../dag/dag.js';
import type { RunInput } from './messages.js';
import { DAG_KEY, FAILED_TASKS_KEY, STATE_KEY, TAGS_KEY } from './search-attribute-keys.js';

/** What Temporal shows of a run, and finds it by, before it has done anything. */
export interface StartOptions {
  readonly memo: Record<string, unknown>;
  readonly staticSummary: string;
  /** Markdown. */
  readonly staticDetails: string;
  readonly typedSearchAttributes?: TypedSearchAttributes;
}

/** The same for a run that a client starts, and for one that is a task of another. */
export function startOptionsOf(input: RunInput): StartOptions {
  const { dag, takeOver, parent, searchAttributes } = input;
  return {
    memo: {
      dag: dag.name,
      ...(takeOver === undefined ? {} : { rerunOf: takeOver.runId }),
      ...(parent === undefined ? {} : { parent: parent.runId }),
    },
    staticSummary: dag.name,
    staticDetails: detailsOf(input),
    ...(searchAttributes === true ? { typedSearchAttributes: attributesOf(dag) } : {}),
  };
}

function detailsOf({ dag, takeOver, parent }: RunInput): string {
  const dependencies = dag.tasks.reduce((sum, task) => sum + task.needs.length, 0);
  const lines = [
    ...(dag.description === undefined ? [] : [dag.description.slice(0, 4_000), '']),
    `- ${dag.tasks.length} tasks, ${dependencies} dependencies`,
    ...(dag.tags === undefined || dag.tags.length === 0 ? [] : [`- tags: ${dag.tags.join(', ')}`]),
    ...(takeOver === undefined ? [] : [`- rerun of \`${takeOver.runId}\`: ${takeOver.tasks.length} tasks taken over`]),
    ...(parent === undefined ? [] : [`- a task of the run \`${parent.runId}\``]),
  ];
  return lines.join('\n');
}

function attributesOf(dag: Dag): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: DAG_KEY, value: dag.name },
    { key: STATE_KEY, value: 'running' },
    { key: FAILED_TASKS_KEY, value: 0 },
  ];
  // An empty list would come back as a list of one empty text.
  if (dag.tags !== undefined && dag.tags.length > 0) pairs.push({ key: TAGS_KEY, value: [...dag.tags] });
  return new TypedSearchAttributes(pairs);
}
