// A whole revision on a device, by one command that ends well.
import { expect } from 'vitest';
import type { Device } from './device.ts';

export async function converge(device: Device): Promise<void> {
  const ran = await device.agent('once');
  expect(ran.code, ran.output).toBe(0);
}
