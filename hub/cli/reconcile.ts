// `holdfast reconcile ID`: sends the hint. What the device makes of it is seen in its events.
import { reconcileSchema } from '../api/schemas.ts';
import { type Ask, query } from './ask.ts';
import type { ExitCode } from './io.ts';
import { print } from './output.ts';

export async function reconcile({ io, api, format }: Ask, id: string, options: { fleet?: string }): Promise<ExitCode> {
  const answer = await api.post(
    `/api/v1/devices/${encodeURIComponent(id)}/reconcile${query(options)}`,
    reconcileSchema,
  );
  print(
    io,
    format,
    answer,
    () => `Asked ${id} to look at Git now. Follow it with "holdfast events -f --device ${id}".\n`,
  );
  return 0;
}
