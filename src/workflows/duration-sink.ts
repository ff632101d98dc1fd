import { proxySinks } from '@temporalio/workflow';
import type { DurationSinks } from '../estimate/measured-task.js';

/** Nothing of it is in the history; a worker that has no such sink lets it go. */
export const { durations } = proxySinks<DurationSinks>();
