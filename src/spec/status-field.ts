import { z } from 'zod';
import { pack } from './problem.js';

/** Statuses of HTTP answers, both ends included. */
export type StatusRange = [from: number, to: number];

const status = z.int().min(100).max(599);

/** `503` or `"500-599"`. */
export const fileStatus: z.ZodType<StatusRange, number | string> = z.union(
  [
    status.transform((code): StatusRange => [code, code]),
    z
      .string()
      .regex(/^[1-5]\d\d-[1-5]\d\d$/)
      .refine((range) => range.slice(0, 3) <= range.slice(4))
      .transform((range): StatusRange => [Number(range.slice(0, 3)), Number(range.slice(4))]),
  ],
  {
    error: () =>
      pack('VALUE_INVALID', 'is neither a status nor a range.', 'Write a status like 200, or a range like "200-299".'),
  },
);

export const canonicalStatuses = z.array(z.tuple([status, status])).min(1);
