/**
 * The program that unpacks a layer: a process of its own, whose root is the layer's directory. `unpackLayer` starts it.
 *
 * The archive comes on its standard input. What came of it goes to its standard output, as one line of JSON.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { MNT_DETACH, sys } from '@ns-tool/syscalls';
import { ImageError } from '../error.ts';
import { decompress } from './decompress.ts';
import { Meter } from './limits.ts';
import type { Outcome, Task } from './protocol.ts';
import { readTar } from './tar/read.ts';
import { Tree } from './tree.ts';

/**
 * Leaves the machine: the working directory, which is a mount of its own, becomes the root, and the old root is gone.
 *
 * No thread of this process can see more than this one, since all share one root and one mount namespace: nothing has been
 * unshared since the process began. So what Node does on its pool's threads is inside as well.
 */
function enterDirectory(): void {
  sys.pivot_root('.', '.');
  sys.umount2('.', MNT_DETACH);
  process.chdir('/');
}

async function unpack({ diffId, limits, privileges }: Task): Promise<Outcome> {
  const meter = new Meter(limits);
  const tree = new Tree(privileges);
  const digest = createHash('sha256');
  const reader = readTar({
    begin(entry) {
      meter.entry(entry.size);
      tree.begin(entry);
    },
    data: (piece, position) => tree.data(piece, position),
    end: () => tree.end(),
  });
  await decompress(process.stdin, (piece) => {
    meter.read(piece.length);
    digest.update(piece);
    reader.push(piece);
  });
  const hasEnd = reader.finish();
  tree.close();

  const found = `sha256:${digest.digest('hex')}`;
  if (diffId !== null && found !== diffId) {
    throw new ImageError(
      'corrupt',
      `the layer is not what it should be: its diff ID is ${found}, not ${diffId}`,
      'Nothing of it is used. Get it again; if that does not help, the image is broken, or forged.',
    );
  }
  // With the right digest it is whole, whatever it lacks.
  if (!hasEnd && diffId === null) {
    throw new ImageError('corrupt', 'the layer is no whole tar archive: it has no end', 'Get it again.');
  }
  return { diffId: found, size: meter.size, entries: meter.entries, leftOut: Object.fromEntries(tree.leftOut) };
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as Task;
  process.umask(0);
  // Loaded now, since nothing can be afterwards: OpenSSL reads its configuration when it is used first.
  createHash('sha256').update('').digest();
  enterDirectory();
  if (fs.readdirSync('/').length > 0) throw new ImageError('store', 'the directory for the layer is not empty');
  const outcome = await unpack(task).catch((error: unknown) => {
    if (!(error instanceof ImageError)) throw error;
    return { error: { code: error.code, message: error.message, hint: error.hint } };
  });
  fs.writeSync(1, JSON.stringify(outcome));
  // The rest of the input is of no interest; to wait for it would be to wait for who sends it.
  process.exit(0);
}

main();
