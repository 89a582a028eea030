#!/usr/bin/env node
// The `holdfast` program: reads arguments, runs one command, and leaves with its exit code. No logic of its own.
import { messageOf } from '../fleet/error.ts';
import { createProgram } from './cli/program.ts';
import { terminal } from './cli/terminal.ts';

const LEAVE_MS = 500;

const io = terminal();
// A reader that closed early, as in `holdfast events | head`, is no failure.
process.stdout.on('error', () => process.exit(0));
try {
  process.exitCode = await createProgram(io)(process.argv.slice(2));
} catch (error) {
  io.err(`holdfast: ${messageOf(error)}\n`);
  process.exitCode = 2;
}
// Whatever is still open, the program leaves.
setTimeout(() => process.exit(), LEAVE_MS).unref();
