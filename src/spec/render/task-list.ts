import type { Dag } from '../../dag/dag.js';
import { graphOf, levels } from '../../dag/graph.js';

/** The tasks level by level, each with what it needs. */
export function taskList(dag: Dag, width: number): string {
  const level = levels(graphOf(dag));
  const groups = new Map<number, string[]>();
  for (const [index, task] of dag.tasks.entries()) {
    const at = level[index] ?? 0;
    const lines = groups.get(at) ?? [];
    groups.set(at, lines);
    const needs = task.needs.map((dependency) => dependency.task);
    lines.push(fitted(`  ${task.name}`, needs, width));
  }
  const text = [...groups].sort(([a], [b]) => a - b).map(([at, lines]) => `level ${at + 1}\n${lines.join('\n')}`);
  return `${text.join('\n')}\n`;
}

function fitted(name: string, needs: readonly string[], width: number): string {
  if (needs.length === 0) return name;
  let line = `${name} <- ${needs[0] ?? ''}`;
  for (const [index, need] of needs.entries()) {
    if (index === 0) continue;
    const rest = ` and ${needs.length - index} more`;
    if (line.length + need.length + 2 + (index === needs.length - 1 ? 0 : rest.length) > width) return line + rest;
    line += `, ${need}`;
  }
  return line;
}
