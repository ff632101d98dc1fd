// oxlint-disable no-control-regex -- control characters are what this file is about

/** Colours and bold type: the only escape sequences that change nothing but how the text after them looks. */
const COLOR = /^\u001b\[[\d;:]*m$/;
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
/** The beginning of a sequence at the end of a text, whose rest may come. */
const UNFINISHED =
  /(?:(?:\u001b\[|\u009b)[0-?]*[ -/]*|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*\u001b?|\u001b[ -/]*)$/;
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g;
const MOST_HELD_BACK = 4_096;

/** Makes text from outside harmless for a terminal, piece by piece. */
export interface TerminalFilter {
  push(bytes: Uint8Array): string;
  /** What was held back at the end, and the terminal's own colours again where some were set. */
  end(): string;
}

/**
 * A filter that keeps text, line breaks, tabs and colours, and drops all else that moves the cursor, clears the screen,
 * sets the title or talks to the terminal. A carriage return ends the line: progress bars stay readable.
 */
export function terminalFilter(): TerminalFilter {
  const decoder = new TextDecoder();
  let held = '';
  let colored = false;

  const clean = (text: string): string =>
    text
      .replace(SEQUENCE, (sequence) => {
        if (!COLOR.test(sequence)) return '';
        colored = true;
        return sequence;
      })
      .replaceAll(/\r\n?/g, '\n')
      .replace(CONTROL, '');

  const take = (text: string): string => {
    let whole = held + text;
    // A line break may be on its way behind a carriage return, the rest of a sequence behind its beginning.
    const rest = whole.endsWith('\r') ? '\r' : (UNFINISHED.exec(whole)?.[0] ?? '');
    held = rest.length > MOST_HELD_BACK ? '' : rest;
    whole = whole.slice(0, whole.length - held.length);
    return clean(whole);
  };

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end: () => {
      const text = clean(held + decoder.decode());
      held = '';
      return colored ? `${text}\u001b[0m` : text;
    },
  };
}
