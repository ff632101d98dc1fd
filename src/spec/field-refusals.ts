/** Fields that stand for a `uses` of their own. */
const SHORT = ['run', 'wait', 'until', 'switch'];

/** Why a field that other tasks have makes no sense on a task of this kind. */
const REASONS: Readonly<Record<string, string>> = {
  wait: 'the task only waits',
  event: 'the task only waits for an event',
  approval: 'the task only waits for a person',
  switch: 'the task only chooses a branch',
  dag: 'the task is a run of its own',
  activity: 'a foreign worker does the task',
  http: 'the task is one request',
  poll: 'the task asks again and again',
};

const IN_WITH: Readonly<Record<string, readonly string[]>> = {
  event: ['timeout'],
  approval: ['timeout', 'default'],
  switch: ['cases', 'default'],
};

const OF_DAG: Readonly<Record<string, string>> = {
  env: 'Hand values over as `with: { params: ... }`.',
  retry: 'Let the tasks of that dag be retried.',
  timeout: 'Give that dag a `timeout:` of its own.',
  cache: 'Let the tasks of that dag be cached.',
  preemptible: 'Say it of the tasks of that dag.',
  requires: 'Say it of the tasks of that dag.',
  affinity: 'Say it of the tasks of that dag.',
};

/**
 * Why a task of this kind does not take a field that others take: what goes on after "`tasks.a.retry` ", and the fix.
 * @param kind Its `uses`; '' where it has none.
 */
export function refusalOf(kind: string, field: string): { readonly text: string; readonly hint: string } {
  if (field === 'with') {
    return { text: 'stands without `uses`.', hint: 'Add `uses:` with the handler that the settings are for.' };
  }
  if (field === 'finally') {
    return { text: 'is not a field of a task.', hint: 'Move the task to `finally:` at the top of the file.' };
  }
  if (field === 'run') {
    const hint = 'Keep `run:` alone, or write the script as `with: { run: ... }`.';
    return { text: 'excludes `uses`.', hint };
  }
  if (SHORT.includes(field)) {
    return { text: 'excludes `uses`.', hint: `Keep \`${field}:\` alone: it says what the task does.` };
  }
  if (IN_WITH[kind]?.includes(field) === true) {
    return { text: 'belongs into `with`.', hint: `Write \`with: { ${field}: ... }\`.` };
  }
  if (field === 'cases' || field === 'default') {
    return { text: 'stands without `switch`.', hint: 'Add `switch:` with an expression.' };
  }
  const hint = (kind === 'dag' ? OF_DAG[field] : undefined) ?? 'Remove it.';
  return { text: `makes no sense here: ${REASONS[kind] ?? 'the task does not take it'}.`, hint };
}
