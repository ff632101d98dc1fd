import { z } from 'zod';
import type { Timeouts } from '../dag/dag.js';
import { durationField, perForm, positive, strict, type DurationField } from './fields.js';

function limits(duration: DurationField) {
  return strict({
    startToClose: positive(duration).exactOptional().describe('The time of one attempt, like 10m. Default: 1h.'),
    scheduleToClose: positive(duration)
      .exactOptional()
      .describe('The time of all attempts together, waiting included. Default: no limit.'),
    scheduleToStart: positive(duration)
      .exactOptional()
      .describe('How long an attempt may wait for a worker. Default: no limit.'),
    heartbeat: positive(duration)
      .exactOptional()
      .describe('A worker silent for so long counts as dead, and the task moves on. Default: 10s.'),
  });
}

/** Time limits of attempts. In a file, `timeout: 10m` is short for `timeout: { startToClose: 10m }`. */
export const timeoutField = perForm('timeout', (canonical): z.ZodType<Partial<Timeouts>, unknown> => {
  const duration = durationField(canonical);
  if (canonical) return limits(duration);
  return z.union([positive(duration).transform((startToClose) => ({ startToClose })), limits(duration)]);
});
