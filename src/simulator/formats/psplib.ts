import type { Task } from '../../dag/dag.js';
import type { Plan } from '../plan.js';
import { graphPlan, MOST_TASKS, type GraphTask } from './graph-plan.js';
import { linesOf, wholeNumber, type Line } from './lines.js';
import { planInvalid } from './plan-invalid.js';

/** The set has units of time; one is a second here. */
const UNIT = 1_000;
const LONGEST = 1e9;
const MOST_RESOURCES = 100;

/**
 * Reads a project of PSPLIB with one mode for each job (`.sm`): each resource is a pool.
 * @throws DagwrightError PLAN_INVALID, with file and line.
 */
export function parsePsplib(file: string, text: string): Plan {
  const lines = linesOf(text);
  const precedence = blockAfter(file, lines, 'PRECEDENCE RELATIONS:', /^jobnr/);
  const requests = blockAfter(file, lines, 'REQUESTS/DURATIONS:', /^jobnr/);
  const availabilities = blockAfter(file, lines, 'RESOURCEAVAILABILITIES:', /^R/);
  const [available, ...further] = availabilities;
  if (available === undefined || further.length > 0) {
    const at = further[0] ?? lines.at(-1);
    throw planInvalid(
      file,
      at?.number ?? 1,
      'One line should say how much there is of each resource.',
      'See whether the file is whole, and of one mode.',
    );
  }
  if (available.words.length > MOST_RESOURCES) {
    throw planInvalid(file, available.number, `There are over ${MOST_RESOURCES} resources.`, 'Take a smaller project.');
  }
  const capacities = available.words.map((_, position) =>
    wholeNumber(file, available, position, 'the amount of a resource'),
  );
  const successors = precedence.map((line, index) => successorsOf(file, line, index, precedence.length));
  const needs = successors.map((): number[] => []);
  successors.forEach((list, index) => list.forEach((successor) => needs[successor]!.push(index)));
  if (requests.length !== precedence.length) {
    const at = requests.at(-1) ?? lines.at(-1)!;
    throw planInvalid(
      file,
      at.number,
      `There are ${precedence.length} jobs, and durations of ${requests.length}.`,
      'Give each job one line in both blocks.',
    );
  }
  const jobs = requests.map((line, index) => jobOf(file, line, index, capacities));
  const tasks = jobs.map(({ duration }, index): GraphTask => {
    return { name: `j${index + 1}`, duration, needs: needs[index]! };
  });
  const plan = graphPlan(file, tasks, (task) => precedence[task]!.number);
  const pools = Object.fromEntries(capacities.map((slots, resource) => [`R${resource + 1}`, slots]));
  return {
    ...plan,
    dag: { ...plan.dag, pools, tasks: plan.dag.tasks.map((task, i) => withPools(task, jobs[i]!.amounts)) },
  };
}

/** Of each resource a pool: what a job takes of it, it holds while it runs. */
function withPools(task: Task, amounts: readonly number[]): Task {
  const pool = amounts.flatMap((slots, resource) => (slots === 0 ? [] : [{ name: `R${resource + 1}`, slots }]));
  return pool.length === 0 ? task : { ...task, pool };
}

/** The lines of a block, without its title, its header and rules. */
function blockAfter(file: string, lines: readonly Line[], title: string, header: RegExp): Line[] {
  const start = lines.findIndex(({ words }) => words.join(' ') === title);
  if (start === -1) {
    throw planInvalid(
      file,
      lines.at(-1)?.number ?? 1,
      `There is no block "${title}".`,
      'See whether the file is whole.',
    );
  }
  const rows: Line[] = [];
  for (const line of lines.slice(start + 1)) {
    const [first = ''] = line.words;
    if (first.startsWith('*')) break;
    if (header.test(first) || first.startsWith('-')) continue;
    rows.push(line);
  }
  if (rows.length === 0) {
    throw planInvalid(file, lines[start]!.number, `The block "${title}" is empty.`, 'See whether the file is whole.');
  }
  if (rows.length > MOST_TASKS) {
    throw planInvalid(file, lines[start]!.number, `There are over ${MOST_TASKS} jobs.`, 'Take a smaller project.');
  }
  return rows;
}

function successorsOf(file: string, line: Line, index: number, count: number): number[] {
  checkJob(file, line, index);
  const modes = wholeNumber(file, line, 1, 'the number of modes');
  if (modes !== 1) {
    throw planInvalid(
      file,
      line.number,
      `The job has ${modes} modes.`,
      'Take a set of one mode: files that end in .sm.',
    );
  }
  const length = wholeNumber(file, line, 2, 'the number of successors', { most: count });
  if (line.words.length !== 3 + length) {
    throw planInvalid(
      file,
      line.number,
      `The line says ${length} successors; ${line.words.length - 3} follow.`,
      'Correct the number, or the successors.',
    );
  }
  const successors = Array.from(
    { length },
    (_, position) => wholeNumber(file, line, 3 + position, 'a successor', { least: 1, most: count }) - 1,
  );
  if (successors.includes(index)) {
    throw planInvalid(file, line.number, `Job ${index + 1} is its own successor.`, 'Take it out.');
  }
  return [...new Set(successors)];
}

function jobOf(
  file: string,
  line: Line,
  index: number,
  capacities: readonly number[],
): { readonly duration: number; readonly amounts: readonly number[] } {
  checkJob(file, line, index);
  if (line.words.length !== 3 + capacities.length) {
    throw planInvalid(
      file,
      line.number,
      `There are ${capacities.length} resources; the line has amounts of ${line.words.length - 3}.`,
      'Give an amount of each.',
    );
  }
  const duration = wholeNumber(file, line, 2, 'the duration', { most: LONGEST }) * UNIT;
  const amounts = capacities.map((capacity, position) =>
    wholeNumber(file, line, 3 + position, `the amount of R${position + 1}`, { most: capacity }),
  );
  return { duration, amounts };
}

function checkJob(file: string, line: Line, index: number): void {
  const job = wholeNumber(file, line, 0, "the job's number");
  if (job === index + 1) return;
  throw planInvalid(file, line.number, `Job ${job} stands where job ${index + 1} should.`, 'Number the jobs from 1.');
}
