// A whole revision on a device, by one command that ends well.
import { expect } from 'vitest';
import type { Device } from './device.ts';

/** Engines of one host share the firewall: what could not be published while another one started is tried again. */
export async function converge(device: Device, attempts = 3): Promise<void> {
  const ran = await device.agent('once');
  if (ran.code !== 0 && attempts > 1) await converge(device, attempts - 1);
  else expect(ran.code, ran.output).toBe(0);
}
