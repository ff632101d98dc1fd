import type { Json } from '../dag/json.js';
import type { TestFailure } from '../testing/expectations.js';
import type { DagTestResult } from '../testing/test-dag.js';
import type { Paint } from './progress/paint.js';

/** Characters of a value that are shown. */
const SHOWN = 200;

/** How a test went: a line, and one for each thing that is not as expected. */
export function renderTest({ name, failures }: Pick<DagTestResult, 'name' | 'failures'>, paint: Paint): string {
  if (failures.length === 0) return `${paint('✔', 'green')} ${name}`;
  return [`${paint('✖', 'red')} ${name}`, ...failures.map((failure) => `    ${renderFailure(failure, paint)}`)].join(
    '\n',
  );
}

function renderFailure({ at, why, ...values }: TestFailure, paint: Paint): string {
  if (!('expected' in values) && !('actual' in values)) return `${at}: ${why ?? ''}`;
  const expected = `expected ${paint(valueText(values.expected), 'green')}`;
  const actual = `was ${paint(valueText(values.actual), 'red')}`;
  return `${at}: ${expected}, ${actual}${why === undefined ? '' : ` (${why})`}`;
}

/** A word stands as it is. */
function valueText(value: Json | undefined): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'string' && /^\w+$/.test(value) ? value : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}...` : text;
}
