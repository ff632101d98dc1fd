import { describe, expect, it } from 'vitest';
import { takeStrayOutput } from './stray-output.js';

/** A stream that keeps what was written to it. */
function streamDouble(): { stream: Pick<NodeJS.WriteStream, 'write'>; written: string[] } {
  const written: string[] = [];
  return {
    written,
    stream: {
      write: (chunk: Uint8Array | string) => {
        written.push(String(chunk));
        return true;
      },
    },
  };
}

describe('takeStrayOutput', () => {
  it('gives whole lines, whatever pieces they are written in, and lets none through', async () => {
    const { stream, written } = streamDouble();
    const lines: string[] = [];
    const release = takeStrayOutput([stream], (line) => lines.push(line));
    const bytes = new TextEncoder().encode('thé\nrest');
    stream.write('one\ntwo ');
    stream.write(bytes.subarray(0, 3));
    await new Promise<void>((resolve) => {
      stream.write(bytes.subarray(3), () => resolve());
    });
    expect(lines).toEqual(['one', 'two thé']);
    release();
    expect(lines).toEqual(['one', 'two thé', 'rest']);
    expect(written).toEqual([]);
  });

  it('gives the stream back', () => {
    const { stream, written } = streamDouble();
    takeStrayOutput([stream], () => {})();
    stream.write('mine');
    expect(written).toEqual(['mine']);
  });
});
