import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskCall } from '../dag/task-call.js';

/**
 * The folder that a task works in: the dag's where this machine has it, else the worker's; then `with.cwd` within it.
 * @returns the folder, and whether it is there.
 */
export async function workingFolderOf(
  call: TaskCall,
  fallback: string = process.cwd(),
): Promise<{ readonly folder: string; readonly exists: boolean }> {
  const { directory } = call;
  const { cwd } = call.with;
  const base = directory !== undefined && (await isFolder(directory)) ? directory : fallback;
  const folder = resolve(base, typeof cwd === 'string' ? cwd : '.');
  return { folder, exists: await isFolder(folder) };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
