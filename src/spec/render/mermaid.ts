import type { Dag } from '../../dag/dag.js';

/** The dag as a Mermaid flowchart, left to right: what GitHub and most documentation tools draw. */
export function toMermaid(dag: Dag): string {
  const ids = new Map(dag.tasks.map((task, index) => [task.name, `t${index}`]));
  const lines = ['flowchart LR'];
  for (const task of dag.tasks) lines.push(`  ${ids.get(task.name)}["${label(task.name)}"]`);
  for (const task of dag.tasks) {
    for (const { task: needed, weight } of task.needs) {
      const arrow = weight === undefined ? '-->' : `-->|${weight}s|`;
      lines.push(`  ${ids.get(needed)} ${arrow} ${ids.get(task.name)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Mermaid knows entities in quoted labels, by number and without `&`. */
function label(text: string): string {
  return text.replaceAll(/[^\w .-]/gu, (char) => `#${char.codePointAt(0)};`);
}
