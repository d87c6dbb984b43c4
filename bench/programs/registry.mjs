// Debian's docker-registry on loopback, with storage of its own. It ends with this process, however that ends.

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { spawn } from '@ns-tool/syscalls';

/**
 * @param {string} folder which exists; its storage and configuration are put there
 * @returns {Promise<{ host: string, stop: () => Promise<void> }>}
 */
export async function startRegistry(folder) {
  const host = `127.0.0.1:${await freePort()}`;
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: path.join(folder, 'registry') } },
    http: { addr: host },
  };
  const file = path.join(folder, 'registry.yml');
  // JSON is YAML, too.
  writeFileSync(file, JSON.stringify(config));
  const child = await spawn('docker-registry', ['serve', file], { stdio: 'ignore', parentDeathSignal: 'SIGKILL' });
  const stop = async () => {
    child.kill('SIGKILL');
    await child.exited;
  };
  for (const deadline = performance.now() + 10_000; performance.now() < deadline; await setTimeout(20)) {
    if (await fetch(`http://${host}/v2/`).catch(() => null)) return { host, stop };
  }
  await stop();
  throw new Error('docker-registry does not answer');
}

/** @returns {Promise<number>} */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
