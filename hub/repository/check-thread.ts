// One thread of a fleet check: takes batches of device ids, answers with what was found in each. Ends with its parent.
import { parentPort, workerData } from 'node:worker_threads';
import { messageOf } from '../../fleet/error.ts';
import { createChecker } from './check-devices.ts';
import type { ThreadAnswer } from './check-fleet.ts';

const check = createChecker(String(workerData));
parentPort?.on('message', (devices: readonly string[]) => {
  parentPort?.postMessage(answer(devices));
});

function answer(devices: readonly string[]): ThreadAnswer {
  try {
    return { kind: 'checked', found: devices.map(check) };
  } catch (error) {
    return { kind: 'failed', message: messageOf(error) };
  }
}
