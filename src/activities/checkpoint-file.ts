import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Json } from '../dag/json.js';
import { MAXIMUM_CHECKPOINT_BYTES } from './checkpoint.js';
import { followFile, type FollowedFile } from './followed-file.js';
import { TaskFailure, type TaskContext } from './handler.js';

const LOOK_INTERVAL = 1_000;

/** A checkpoint as a script finds it: a text as it is, anything else as JSON. */
export function checkpointText(checkpoint: Json): string {
  return typeof checkpoint === 'string' ? checkpoint : JSON.stringify(checkpoint);
}

/**
 * Takes what a script writes to the file as the attempt's checkpoint, from now on until the end; looks each second. An
 * empty file says nothing: it may be about to be written. One that is too large is left out, and the log says so.
 * @param progress the file of the script's progress, looked at first: a checkpoint stands for what was said before it.
 */
export function followCheckpointFile(
  path: string,
  context: TaskContext,
  progress: Pick<FollowedFile, 'look'>,
  interval: number = LOOK_INTERVAL,
): FollowedFile {
  let known = context.lastCheckpoint === undefined ? '' : checkpointText(context.lastCheckpoint);
  return followFile(path, interval, async () => {
    await progress.look();
    const text = await readText(path);
    if (text === '' || text === known) return;
    known = text;
    try {
      context.checkpoint(text);
    } catch (thrown) {
      if (!(thrown instanceof TaskFailure)) throw thrown;
      context.log.write(`[dagwright] $DAGWRIGHT_CHECKPOINT is not kept: ${thrown.error.message}`);
    }
  });
}

/** One byte more than is allowed, of a file that is too large: enough to refuse it. */
async function readText(path: string): Promise<string> {
  // What was a file may be a pipe by now, which nobody may ever write to.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAXIMUM_CHECKPOINT_BYTES + 1));
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}
