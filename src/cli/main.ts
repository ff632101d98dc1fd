#!/usr/bin/env node
import { exitWhenWritten } from './output.js';
import { runCli } from './program.js';

// `dagwright graph ... | head` closes the pipe early: no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

exitWhenWritten(await runCli(process.argv.slice(2)));
