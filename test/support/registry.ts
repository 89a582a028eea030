// A real image registry on loopback, which every Engine accepts without TLS. Needs the program docker-registry (Debian: docker-registry).
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dockerOk } from './engine.ts';
import { freePort, startProgram, temporaryFolder } from './machine.ts';
import { waitFor } from './wait.ts';

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Folder of its blobs. */
  readonly folder: string;
  /** Pushes an image of the suite's Engine as `<address>/<name>`, and removes that name from the Engine. Returns the reference. */
  push(image: string, name: string): Promise<string>;
}

export async function startRegistry(): Promise<Registry> {
  const folder = await temporaryFolder();
  const address = `127.0.0.1:${await freePort()}`;
  const config = { version: '0.1', storage: { filesystem: { rootdirectory: folder.path } }, http: { addr: address } };
  await writeFile(join(folder.path, 'config.yml'), JSON.stringify({ ...config, log: { level: 'error' } }));
  const program = await startProgram('docker-registry', ['serve', join(folder.path, 'config.yml')]);
  const dispose = async (): Promise<void> => {
    await program[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  };
  try {
    await waitFor(async () => (await fetch(`http://${address}/v2/`)).ok, {
      timeoutMs: 20_000,
      what: 'the registry answers',
    });
  } catch (error) {
    await dispose();
    throw new Error(`docker-registry does not come up: ${program.output()}`, { cause: error });
  }
  return {
    address,
    folder: folder.path,
    push: (image, name) => push(address, image, name),
    [Symbol.asyncDispose]: dispose,
  };
}

async function push(address: string, image: string, name: string): Promise<string> {
  const [repository = '', tag = 'latest'] = name.split(':');
  const reference = `${address}/${repository}:${tag}`;
  await dockerOk('POST', `/images/${image}/tag?repo=${address}/${repository}&tag=${tag}`);
  const headers = { 'x-registry-auth': Buffer.from('{}').toString('base64') };
  const output = await dockerOk('POST', `/images/${address}/${repository}/push?tag=${tag}`, undefined, { headers });
  if (String(output).includes('errorDetail')) throw new Error(`push of ${reference}: ${output}`);
  await dockerOk('DELETE', `/images/${reference}`);
  return reference;
}
