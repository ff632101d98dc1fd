import type { Dag, Task } from '../../dag/dag.js';
import { labelOf, withoutFinally } from './shown-dag.js';

/** The dag in DOT, Graphviz's language: `dagwright graph --format dot dag.yaml | dot -Tsvg`. */
export function toDot(dag: Dag): string {
  const lines = [`digraph ${quoted(dag.name)} {`, '  rankdir=LR;', '  node [shape=box, style=rounded];'];
  const { ordinary, last } = withoutFinally(dag);
  for (const task of ordinary.tasks) lines.push(`  ${nodeOf(task)}`);
  if (last.tasks.length > 0) {
    lines.push('  subgraph cluster_finally {', '    label="finally";', '    style=dashed;');
    for (const task of last.tasks) lines.push(`    ${nodeOf(task)}`);
    lines.push('  }');
  }
  for (const task of dag.tasks) {
    for (const { task: needed, weight } of task.needs) {
      const attributes = weight === undefined ? '' : ` [label=${quoted(`${weight}s`)}]`;
      lines.push(`  ${quoted(needed)} -> ${quoted(task.name)}${attributes};`);
    }
  }
  return `${[...lines, '}'].join('\n')}\n`;
}

function nodeOf(task: Task): string {
  const label = labelOf(task);
  const attributes = [
    ...(label === task.name ? [] : [`label=${quoted(label)}`]),
    ...(task.uses === 'dag' ? ['peripheries=2'] : []),
    ...(task.description === undefined ? [] : [`tooltip=${quoted(task.description)}`]),
  ];
  return `${quoted(task.name)}${attributes.length === 0 ? '' : ` [${attributes.join(', ')}]`};`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll(/\r?\n/g, '\\n')}"`;
}
