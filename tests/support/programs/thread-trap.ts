/**
 * Moves its main thread into a mount namespace, and looks at a file there with each way that Node has to look.
 *
 * With the argument `warm`, libuv's pool of threads is at work before; otherwise nothing has needed it yet.
 */
import { execFileSync } from 'node:child_process';
import { access, existsSync, promises, readlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { CLONE_NEWNS, MS_PRIVATE, MS_REC, sys } from '@ns-tool/syscalls';

const file = '/mnt/file';

const seen = (look: Promise<unknown>) =>
  look.then(
    () => true,
    () => false,
  );

async function main(): Promise<void> {
  if (process.argv[2] === 'warm') await Promise.all(Array.from({ length: 8 }, () => promises.access('/')));
  const outside = readlinkSync('/proc/thread-self/ns/mnt');
  sys.unshare(CLONE_NEWNS);
  sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
  sys.mount('inside', '/mnt', 'tmpfs', 0, null);
  writeFileSync(file, '');

  const worker = new Worker(
    `require('node:worker_threads').parentPort.postMessage(require('node:fs').existsSync('${file}'))`,
    { eval: true },
  );
  // Listened for now: what a worker says before anyone listens is lost.
  const seenByWorker = new Promise((resolve) => worker.once('message', resolve));
  const shell = execFileSync('sh', ['-c', `test -e ${file} && echo yes || echo no`], { encoding: 'utf8' });
  console.log(
    JSON.stringify({
      movedTheMainThread: readlinkSync('/proc/thread-self/ns/mnt') !== outside,
      sync: existsSync(file),
      childProcess: shell === 'yes\n',
      promises: await seen(promises.access(file)),
      callback: await seen(promisify(access)(file)),
      worker: await seenByWorker,
    }),
  );
}

main();
