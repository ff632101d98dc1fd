import type { Dag } from '../../dag/dag.js';

/** The dag in DOT, Graphviz's language: `dagwright graph --format dot dag.yaml | dot -Tsvg`. */
export function toDot(dag: Dag): string {
  const lines = [`digraph ${quoted(dag.name)} {`, '  rankdir=LR;', '  node [shape=box, style=rounded];'];
  for (const task of dag.tasks) {
    const tooltip = task.description === undefined ? '' : ` [tooltip=${quoted(task.description)}]`;
    lines.push(`  ${quoted(task.name)}${tooltip};`);
  }
  for (const task of dag.tasks) {
    for (const { task: needed, weight } of task.needs) {
      const attributes = weight === undefined ? '' : ` [label=${quoted(`${weight}s`)}]`;
      lines.push(`  ${quoted(needed)} -> ${quoted(task.name)}${attributes};`);
    }
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/\r?\n/g, '\\n')}"`;
}
