import { stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import type { ArtifactRef } from '../dag/artifact.js';
import type { CalledArtifacts, TaskCall } from '../dag/task-call.js';
import type { BlobStore } from '../store/blob-store.js';
import { TaskFailure, type TaskReport } from './handler.js';
import { workingFolderOf } from './working-folder.js';

/** The files of a task: those it takes are there before it runs, those it leaves are kept after it succeeded. */
export interface Artifacts {
  /**
   * Puts the files that the task takes at their places; what is there is replaced.
   * @throws TaskFailure ARTIFACT_MISSING where the store does not have one; no other attempt would find it.
   */
  load(): Promise<void>;
  /**
   * Keeps the files that the task left.
   * @throws TaskFailure ARTIFACT_MISSING where one is not there, or is no file.
   */
  save(): Promise<TaskReport['artifacts']>;
}

const NONE: Artifacts = { load: async () => undefined, save: async () => undefined };

/**
 * The files of the task, in the folder that it works in.
 * @throws TaskFailure TASK_INPUT_INVALID where a path leads out of the folder; STORE_FAILED where there is no store.
 */
export function artifactsOf(call: TaskCall, store: BlobStore | undefined): Artifacts {
  const { save = {}, load = {} } = call.artifacts ?? ({} satisfies CalledArtifacts);
  const [saved, loaded] = [Object.entries(save), Object.entries(load)];
  if (saved.length === 0 && loaded.length === 0) return NONE;
  for (const path of [...saved.map(([, path]) => path), ...loaded.map(([path]) => path)]) checkPath(path);
  if (store === undefined) {
    throw new TaskFailure({ code: 'STORE_FAILED', message: 'This process has no store for artifacts.' });
  }
  return {
    load: async () => {
      const folder = await folderOf(call);
      for (const [path, { sha256 }] of loaded) {
        if (await store.getFile(sha256, join(folder, path))) continue;
        const message = `The store ${store.place} does not have the file for ${path}: it was swept, or is in another.`;
        throw new TaskFailure({ code: 'ARTIFACT_MISSING', message, details: { path, sha256 } }, { retryable: false });
      }
    },
    save: async () => {
      if (saved.length === 0) return undefined;
      const folder = await folderOf(call);
      const kept: Record<string, ArtifactRef> = {};
      for (const [name, path] of saved) {
        const entry = await stat(join(folder, path)).catch(() => undefined);
        if (entry?.isFile() !== true) throw missing(name, path, entry !== undefined);
        kept[name] = await store.putFile(join(folder, path));
      }
      return kept;
    },
  };
}

async function folderOf(call: TaskCall): Promise<string> {
  return (await workingFolderOf(call)).folder;
}

function checkPath(path: string): void {
  const parts = normalize(path).split(sep);
  if (path !== '' && !isAbsolute(path) && !parts.includes('..') && !path.includes('\0')) return;
  const message = `The artifact's path "${path.slice(0, 200)}" leads out of the task's folder.`;
  throw new TaskFailure({ code: 'TASK_INPUT_INVALID', message }, { retryable: false });
}

function missing(name: string, path: string, exists: boolean): TaskFailure {
  const why = exists ? 'is no file' : 'is not there';
  const message = `The task succeeded, but ${path}, which it should leave as the artifact "${name}", ${why}.`;
  return new TaskFailure({ code: 'ARTIFACT_MISSING', message, details: { artifact: name, path } });
}
