import { hostname } from 'node:os';

/** This process as Temporal names it by default: `process@machine`. */
export const WORKER_IDENTITY = `${process.pid}@${hostname()}`;
