/** A real registry on loopback: Debian's docker-registry, with storage of its own, as a child of the test. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { dirSync } from 'tmp-promise';

export interface Registry extends AsyncDisposable {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Where its blobs are. */
  readonly storage: string;
}

export interface RegistryOptions {
  /** Only for this one, by Basic authentication. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** Whether a suite must be skipped for lack of these programs, and says so. */
export function lacks(what: string, ...programs: readonly string[]): boolean {
  const missing = programs.filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
  if (missing.length > 0) console.warn(`skipped, since ${missing.join(', ')} is not installed: ${what}`);
  return missing.length > 0;
}

export async function startRegistry({ login }: RegistryOptions = {}): Promise<Registry> {
  const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  const port = await freePort();
  const storage = join(folder, 'storage');
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage } },
    http: { addr: `127.0.0.1:${port}` },
    ...(login !== undefined && { auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } } }),
  };
  if (login !== undefined) writeFileSync(join(folder, 'htpasswd'), hashed(login));
  // JSON is YAML too.
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const child = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  const stop = async () => {
    await ended(child);
    removeCallback();
  };
  try {
    await answers(`http://127.0.0.1:${port}/v2/`, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host: `127.0.0.1:${port}`, storage, [Symbol.asyncDispose]: stop };
}

function hashed({ user, password }: { user: string; password: string }): string {
  return spawnSync('htpasswd', ['-Bbn', user, password], { encoding: 'utf8' }).stdout;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the registry ended: ${child.exitCode}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}
