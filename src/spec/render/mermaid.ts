import type { Dag, Task } from '../../dag/dag.js';
import { labelOf, withoutFinally } from './shown-dag.js';

/** The dag as a Mermaid flowchart, left to right: what GitHub and most documentation tools draw. */
export function toMermaid(dag: Dag): string {
  const ids = new Map(dag.tasks.map((task, index) => [task.name, `t${index}`]));
  const lines = ['flowchart LR'];
  const nodeOf = (task: Task): string => {
    const text = `"${escaped(labelOf(task))}"`;
    return `${ids.get(task.name)}${task.uses === 'dag' ? `[[${text}]]` : `[${text}]`}`;
  };
  const { ordinary, last } = withoutFinally(dag);
  for (const task of ordinary.tasks) lines.push(`  ${nodeOf(task)}`);
  if (last.tasks.length > 0) {
    lines.push('  subgraph finally', ...last.tasks.map((task) => `    ${nodeOf(task)}`), '  end');
  }
  for (const task of dag.tasks) {
    for (const { task: needed, weight } of task.needs) {
      const arrow = weight === undefined ? '-->' : `-->|${weight}s|`;
      lines.push(`  ${ids.get(needed)} ${arrow} ${ids.get(task.name)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Mermaid knows entities in quoted labels, by number and without `&`. */
function escaped(text: string): string {
  return text.replaceAll(/[^\w .-]/gu, (char) => `#${char.codePointAt(0)};`);
}
