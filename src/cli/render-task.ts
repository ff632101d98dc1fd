import type { TaskDescription } from '../run/run.js';
import type { TaskError } from '../dag/task-error.js';
import { elapsedOf, formatDuration, formatTime } from './progress/duration.js';
import { colorOf, glyphOf, paintFor } from './progress/paint.js';
import { itemsText } from './progress/task-row.js';
import { oneLine, wrap } from './progress/text.js';
import { answerCommand, waitText } from './progress/wait-text.js';

/** How one task is shown. */
export interface TaskScreen {
  readonly width: number;
  readonly now: number;
  readonly color: boolean;
  readonly runId: string;
  /** The flags of a command that reaches the run. */
  readonly commands: string;
}

const NAMED_NEEDS = 20;
const SHOWN_ARTIFACTS = 50;

/** All that is known of one task: what its line in the picture of the run has no room for. */
export function renderTask(task: TaskDescription, screen: TaskScreen): string {
  const paint = paintFor(screen.color);
  const color = colorOf(task.state);
  const elapsed = task.takenOver === true ? undefined : elapsedOf(task, screen.now);
  const words = [task.state, ...(elapsed === undefined ? [] : [formatDuration(elapsed)])];
  if (task.attempts > 1) words.push(`${task.attempts} attempts`);
  if (task.paused === true) words.push('paused');
  const lines = [`${paint(glyphOf(task.state), color)} ${paint(task.name, 'bold')}  ${paint(words.join('  '), color)}`];
  for (const [label, text] of factsOf(task, screen)) {
    const rows = wrap(text, Math.max(20, screen.width - LABEL - 2));
    lines.push(...rows.map((row, i) => `  ${paint((i === 0 ? label : '').padEnd(LABEL), 'dim')}${row}`));
  }
  const command = answerCommand(screen.runId, task, screen.commands);
  if (command !== undefined) lines.push(`  ${' '.repeat(LABEL)}${paint(command, 'bold')}`);
  return lines.join('\n');
}

const LABEL = 'artifact'.length + 2;

function factsOf(task: TaskDescription, { now }: TaskScreen): (readonly [label: string, text: string])[] {
  const facts: (readonly [string, string])[] = [];
  const add = (label: string, text: string | undefined): void => {
    if (text !== undefined) facts.push([label, text]);
  };
  add(
    'item',
    task.item && `${task.item.index} of ${task.item.of}${task.item.value === undefined ? '' : `: ${task.item.value}`}`,
  );
  add('undoes', task.compensates);
  add('items', task.fanOut && itemsText(task.fanOut));
  add('needs', task.needs && namesOf(task.needs));
  add('started', task.startedAt && formatTime(task.startedAt, now));
  add('ended', task.endedAt && formatTime(task.endedAt, now));
  add('worker', task.worker && oneLine(task.worker));
  add('group', task.group);
  add('run', task.subRun && oneLine(task.subRun));
  add('cached', task.cached && `from ${oneLine(task.cached.runId)}, ${formatTime(task.cached.at, now)}`);
  if (task.takenOver === true) add('output', 'taken over from the run that this one is a rerun of');
  else add('output', task.outputBytes === undefined ? undefined : `${task.outputBytes} bytes`);
  if (task.state === 'waiting' && task.waitsFor !== undefined) add('', waitText(task.waitsFor, now));
  for (const line of errorLines(task.error)) add('error', line);
  const artifacts = Object.entries(task.artifacts ?? {});
  for (const [name, { bytes, sha256 }] of artifacts.slice(0, SHOWN_ARTIFACTS)) {
    add('artifact', `${oneLine(name)}, ${bytes} bytes, sha256 ${sha256}`);
  }
  if (artifacts.length > SHOWN_ARTIFACTS) add('artifact', `and ${artifacts.length - SHOWN_ARTIFACTS} more`);
  return facts;
}

function namesOf(names: readonly string[]): string {
  const more = names.length > NAMED_NEEDS ? `, and ${names.length - NAMED_NEEDS} more` : '';
  return names.slice(0, NAMED_NEEDS).join(', ') + more;
}

/** The error, and what caused it, each in a line. */
function errorLines(error: TaskError | undefined): string[] {
  if (error === undefined) return [];
  return [oneLine(`${error.code}: ${error.message}`), ...errorLines(error.cause)];
}
