import { pino } from 'pino';
import type { LogFormat, LogLevel } from './log-level.js';
import { textLine } from './text-line.js';

/**
 * What a log line may tell beside its message: names, numbers and codes. There is no field for params, inputs, outputs,
 * or the messages of errors, so that no secret of a user gets into a log.
 */
export interface LogFields {
  readonly run?: string;
  readonly task?: string;
  /** The first is 1. */
  readonly attempt?: number;
  readonly dag?: string;
  /** How an attempt ended. */
  readonly outcome?: 'succeeded' | 'failed' | 'cancelled' | 'lost';
  /** The code of an error. */
  readonly code?: string;
  /** Milliseconds that it took. */
  readonly ms?: number;
  readonly taskQueue?: string;
  readonly namespace?: string;
  /** The part of the Temporal SDK that speaks. */
  readonly component?: string;
  /** The class of an error and of its causes, the outermost first. */
  readonly errors?: readonly string[];
  /** Where an error was thrown, the innermost call first. */
  readonly stack?: readonly string[];
}

/** Where log lines go. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
}

/** What {@link createLogger} makes. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** Default: `text` where the stream is a terminal, else `json`. */
  readonly format?: LogFormat | undefined;
  /** Default: stderr. */
  readonly stream?: { write(line: string): unknown; readonly isTTY?: boolean };
}

/** A logger of one line per entry. JSON lines have `level`, `time` (ISO 8601), `pid`, `hostname`, `msg` and the fields. */
export function createLogger(options: LoggerOptions): Logger {
  const stream = options.stream ?? process.stderr;
  const format = options.format ?? (stream.isTTY ? 'text' : 'json');
  return loggerOf(
    pino(
      {
        level: options.level,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      // Not the stream itself: its `write` may be another by then, where a live picture has the terminal.
      { write: (line: string) => void stream.write(format === 'text' ? textLine(line) : line) },
    ),
  );
}

function loggerOf(lines: pino.Logger): Logger {
  return {
    error: (message, fields = {}) => lines.error(fields, message),
    warn: (message, fields = {}) => lines.warn(fields, message),
    info: (message, fields = {}) => lines.info(fields, message),
    debug: (message, fields = {}) => lines.debug(fields, message),
    child: (fields) => loggerOf(lines.child(fields)),
  };
}
