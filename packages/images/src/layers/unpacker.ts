/**
 * The program that unpacks a layer, or several into one tree: a process of its own, whose root is the directory for them.
 * unpack.ts starts it.
 *
 * The archive comes on its standard input, several as descriptors of their own. What came of it goes to its standard output,
 * as one line of JSON.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { Readable } from 'node:stream';
import { MNT_DETACH, sys } from '@ns-tool/syscalls';
import { ImageError } from '../error.ts';
import { dependent, LowerTree } from './below.ts';
import { decompress } from './decompress.ts';
import { type Limits, Meter } from './limits.ts';
import { takeIn } from './merge.ts';
import { BELOW, FIRST_ARCHIVE, LAYER, type Outcome, type Task, type UnpackedLayer } from './protocol.ts';
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

/** Unpacks an archive into the working directory; `complete` is called once all is in it, but for the times of directories. */
async function unpack(
  archive: Readable,
  diffId: string | null,
  tree: Tree,
  limits: Limits,
  complete: () => void = () => {},
): Promise<UnpackedLayer> {
  const meter = new Meter(limits);
  const digest = createHash('sha256');
  const reader = readTar({
    begin(entry) {
      meter.entry(entry.size);
      tree.begin(entry);
    },
    data: (piece, position) => tree.data(piece, position),
    end: () => tree.end(),
  });
  await decompress(archive, (piece) => {
    meter.read(piece.length);
    digest.update(piece);
    reader.push(piece);
  });
  const hasEnd = reader.finish();

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
  complete();
  tree.close();
  return {
    diffId: found,
    size: meter.size,
    entries: meter.entries,
    leftOut: Object.fromEntries(tree.leftOut),
    implied: tree.implied(),
  };
}

/** Bytes of their list. */
const MOST_IMPLIED = 500_000;

async function unpackLayer({ makes, diffIds, privileges, limits, isLowest }: Task): Promise<UnpackedLayer[]> {
  const alone = isLowest ? 'nothing' : 'out of reach';
  const tree = new Tree(privileges, 'overlay', makes === 'layer' ? alone : new LowerTree(`/${BELOW}`));
  const layer = await unpack(process.stdin, diffIds[0] ?? null, tree, limits);
  // They are too much to tell where a hostile layer has a million of them.
  if (JSON.stringify(layer.implied).length <= MOST_IMPLIED) return [layer];
  if (makes === 'layer' && !isLowest) throw dependent('it has files in too many directories that it has not');
  return [{ ...layer, implied: layer.implied.slice(0, 1) }];
}

async function adopt({ privileges }: Task): Promise<UnpackedLayer[]> {
  let text = '';
  for await (const piece of process.stdin.setEncoding('utf8')) text += piece;
  new Tree(privileges, 'overlay', new LowerTree(`/${BELOW}`)).adoptAll(JSON.parse(text));
  return [];
}

/** Unpacks archives one over the other: each into a directory beside the tree, which it then takes in. */
async function unpackRoot({ diffIds, privileges, limits }: Task): Promise<UnpackedLayer[]> {
  const layers: UnpackedLayer[] = [];
  fs.mkdirSync(ROOT, 0o755);
  for (const [i, diffId] of diffIds.entries()) {
    fs.mkdirSync(NEXT, 0o755);
    process.chdir(NEXT);
    const archive = fs.createReadStream('', { fd: FIRST_ARCHIVE + i, highWaterMark: 256 * 1024 });
    const tree = new Tree(privileges, 'passing', i === 0 ? 'nothing' : new LowerTree(ROOT));
    layers.push({ ...(await unpack(archive, diffId, tree, limits, () => takeIn(tree, ROOT))), implied: [] });
    process.chdir('/');
    fs.rmSync(ROOT, { recursive: true });
    fs.renameSync(NEXT, ROOT);
  }
  return layers;
}

const ROOT = '/fs';
const NEXT = '/next';

const WORK = { layer: unpackLayer, 'layer over others': unpackLayer, adoption: adopt, root: unpackRoot } as const;

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as Task;
  process.umask(0);
  // Loaded now, since nothing can be afterwards: OpenSSL reads its configuration when it is used first.
  createHash('sha256').update('').digest();
  enterDirectory();
  if (task.makes === 'layer over others' || task.makes === 'adoption') process.chdir(LAYER);
  if (task.makes !== 'adoption' && fs.readdirSync('.').length > 0)
    throw new ImageError('store', 'the directory for the layer is not empty');
  const outcome: Outcome = await WORK[task.makes](task).then(
    (layers) => ({ layers }),
    (error: unknown) => {
      if (!(error instanceof ImageError)) throw error;
      return { error: { code: error.code, message: error.message, hint: error.hint } };
    },
  );
  // The rest of the input is of no interest; to wait for it would be to wait for who sends it.
  process.stdout.end(JSON.stringify(outcome), () => process.exit(0));
}

main();
