import type { Plan } from '../plan.js';
import { graphPlan, MOST_TASKS, type GraphTask } from './graph-plan.js';
import { linesOf, wholeNumber, type Line } from './lines.js';
import { planInvalid } from './plan-invalid.js';

/** The set has units of time; one is a second here. */
const UNIT = 1_000;
const LONGEST = 1e9;

/**
 * Reads a graph of the Standard Task Graph Set: the number of tasks, without an entry and an exit that take no time; then a
 * line for each: `number time predecessors predecessor...`. Lines that begin with # tell about the graph.
 * @throws DagwrightError PLAN_INVALID, with file and line.
 */
export function parseStg(file: string, text: string): Plan {
  const lines = linesOf(text).filter(({ words }) => !words[0]!.startsWith('#'));
  const [header, ...rows] = lines;
  if (header === undefined) {
    throw planInvalid(file, 1, 'The file has nothing in it.', 'The first line is the number of tasks.');
  }
  if (header.words.length !== 1) {
    throw planInvalid(file, header.number, 'The first line is not one number.', 'It is the number of tasks, alone.');
  }
  const count = wholeNumber(file, header, 0, 'the number of tasks', { most: MOST_TASKS - 2 });
  if (rows.length !== count + 2) {
    throw planInvalid(
      file,
      header.number,
      `The first line says ${count} tasks, with entry and exit ${count + 2}; ${rows.length} follow.`,
      'Correct the number, or see whether the file is whole.',
    );
  }
  const tasks = rows.map((row, index) => taskOf(file, row, index, rows.length));
  return graphPlan(file, tasks, (task) => rows[task]!.number);
}

function taskOf(file: string, row: Line, index: number, count: number): GraphTask {
  const id = wholeNumber(file, row, 0, "the task's number");
  if (id !== index) {
    throw planInvalid(file, row.number, `Task ${id} stands where task ${index} should.`, 'Number the tasks from 0.');
  }
  const duration = wholeNumber(file, row, 1, "the task's time", { most: LONGEST }) * UNIT;
  const needed = wholeNumber(file, row, 2, 'the number of predecessors', { most: count });
  if (row.words.length !== 3 + needed) {
    throw planInvalid(
      file,
      row.number,
      `The line says ${needed} predecessors; ${row.words.length - 3} follow.`,
      'Correct the number, or the predecessors.',
    );
  }
  const needs = Array.from({ length: needed }, (_, position) =>
    wholeNumber(file, row, 3 + position, 'a predecessor', { most: count - 1 }),
  );
  if (needs.includes(index)) {
    throw planInvalid(file, row.number, `Task ${index} needs itself.`, 'Take it out of its predecessors.');
  }
  return { name: `t${id}`, duration, needs: [...new Set(needs)] };
}
