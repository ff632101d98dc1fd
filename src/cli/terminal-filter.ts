// oxlint-disable no-control-regex -- control characters are what this file is about

/** Colours and bold type: the only escape sequences that change nothing but how the text after them looks. */
const COLOR = /^\u001b\[[\d;:]*m$/;
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]*[0-~]?/g;
/** The beginning of a sequence at the end of a text, whose rest may come. */
const UNFINISHED =
  /(?:(?:\u001b\[|\u009b)[0-?]*[ -/]*|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*\u001b?|\u001b[ -/]*)$/;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f\u007f-\u009f]/g;
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
  /** Whether the last piece ended with a carriage return. */
  let returned = false;

  const clean = (text: string): string => {
    const plain = text
      .replace(SEQUENCE, (sequence) => {
        if (!COLOR.test(sequence)) return '';
        colored = true;
        return sequence;
      })
      .replace(CONTROL, '');
    if (plain === '') return '';
    // The carriage return before it has ended the line already.
    const isSecondHalf = returned && plain.startsWith('\n');
    returned = plain.endsWith('\r');
    return plain.slice(isSecondHalf ? 1 : 0).replaceAll(/\r\n?/g, '\n');
  };

  const take = (text: string): string => {
    const whole = held + text;
    const rest = UNFINISHED.exec(whole)?.[0] ?? '';
    held = rest.length > MOST_HELD_BACK ? '' : rest;
    return clean(whole.slice(0, whole.length - held.length));
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
