import type { Dag, Task } from '../src/dag/dag.js';

/** A dag of tasks that do nothing; `needs` gives the indexes that a task needs. */
function dagOf(name: string, size: number, needs: (task: number) => readonly number[]): Dag {
  const tasks = Array.from({ length: size }, (_, task): Task => ({
    name: `task-${task}`,
    uses: 'function',
    with: { name: 'noop' },
    needs: needs(task).map((needed) => ({ task: `task-${needed}` })),
  }));
  return { name, params: {}, tasks };
}

/** One after the other. */
export function chainDag(size: number): Dag {
  return dagOf('chain', size, (task) => (task === 0 ? [] : [task - 1]));
}

/** All at once. */
export function fanDag(size: number): Dag {
  return dagOf('fan', size, () => []);
}

/** Each task needs its counterpart in the layer before. */
export function layersDag(count: number, width: number): Dag {
  return dagOf('layers', count * width, (task) => (task < width ? [] : [task - width]));
}

/** Each task needs every one of the layer before, as `Promise.all` has it. */
export function denseLayersDag(count: number, width: number): Dag {
  return dagOf('dense-layers', count * width, (task) => {
    const first = (Math.floor(task / width) - 1) * width;
    return first < 0 ? [] : Array.from({ length: width }, (_, i) => first + i);
  });
}
