/** A stream whose `write` can be replaced for a while. */
type Writable = Pick<NodeJS.WriteStream, 'write'>;

/**
 * Takes what this process writes to the streams, a line at a time, until the returned function is called: functions of
 * the user and the Temporal SDK print as they like, which would tear a live picture, or break the JSON on stdout.
 */
export function takeStrayOutput(streams: readonly Writable[], onLine: (line: string) => void): () => void {
  const releases = streams.map((stream) => takeFrom(stream, onLine));
  return () => {
    for (const release of releases) release();
  };
}

function takeFrom(stream: Writable, onLine: (line: string) => void): () => void {
  const original = stream.write;
  const decoder = new TextDecoder();
  let rest = '';
  stream.write = (chunk: Uint8Array | string, ...more: unknown[]): boolean => {
    const lines = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    const callback = more.at(-1);
    if (typeof callback === 'function') process.nextTick(callback);
    return true;
  };
  return () => {
    stream.write = original;
    if (rest !== '') onLine(rest);
    rest = '';
  };
}
