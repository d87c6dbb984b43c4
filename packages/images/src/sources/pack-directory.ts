/** A directory as a tar archive: names, types, modes, owners, times, hard links and device numbers; no extended attributes. */

import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Header, type Pack, pack } from 'tar-stream';
import { ImageError } from '../error.ts';

/** The tree below a directory. What is mounted in it is left out: /proc is no part of an image. */
export function packDirectory(directory: string): Readable {
  const archive = pack();
  addTree(archive, directory).then(
    () => archive.finalize(),
    (error: Error) => archive.destroy(error),
  );
  return Readable.from(archive, { objectMode: false });
}

type Entry = Partial<Header> & Pick<Header, 'name'>;

async function addTree(archive: Pack, root: string): Promise<void> {
  const { dev } = lstatSync(root);
  /** Names of the files that have several, by inode. */
  const linked = new Map<number, string>();
  const add = async (name: string): Promise<void> => {
    const path = join(root, name);
    const stat = lstatSync(path);
    const first = stat.nlink > 1 && !stat.isDirectory() ? linked.get(stat.ino) : undefined;
    if (stat.nlink > 1 && first === undefined) linked.set(stat.ino, name);
    const header =
      first === undefined
        ? headerOf(name, path, stat)
        : { ...common(name, stat), type: 'link' as const, linkname: first };
    if (header === null) return;
    await addEntry(archive, header, path);
    if (!stat.isDirectory() || stat.dev !== dev) return;
    for (const bytes of readdirSync(path, { encoding: 'buffer' }).sort(Buffer.compare))
      await add(join(name, textOf(bytes, path)));
  };
  await add('.');
}

function common(name: string, { mode, uid, gid, mtime }: Stats) {
  return { name, mode: mode & 0o7777, uid, gid, mtime };
}

/** Null for a socket, which an archive cannot have. */
function headerOf(name: string, path: string, stat: Stats): Entry | null {
  const header = common(name, stat);
  if (stat.isFile()) return { ...header, type: 'file', size: stat.size };
  if (stat.isDirectory()) return { ...header, name: `${name}/`, type: 'directory' };
  if (stat.isSymbolicLink()) return { ...header, type: 'symlink', linkname: readlinkSync(path) };
  if (stat.isFIFO()) return { ...header, type: 'fifo' };
  if (stat.isSocket()) return null;
  const type = stat.isCharacterDevice() ? 'character-device' : 'block-device';
  return { ...header, type, devmajor: major(stat.rdev), devminor: minor(stat.rdev) };
}

async function addEntry(archive: Pack, header: Entry, path: string): Promise<void> {
  if (header.type === 'file') {
    const entry = archive.entry(header);
    // Of an archive that nobody wants to the end: who wanted it knows why.
    entry.on('error', () => {});
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
      if (entry.destroyed) return;
      if (!entry.write(chunk)) await drained(entry);
    }
    entry.end(null);
    return;
  }
  await new Promise<void>((resolve, reject) => {
    archive.entry(header, (error) => (error ? reject(error) : resolve()));
  });
}

/** Until it takes more, or nothing more. */
function drained(entry: ReturnType<Pack['entry']>): Promise<void> {
  return new Promise((resolve) => {
    entry.once('drain', resolve);
    entry.once('close', resolve);
  });
}

function textOf(bytes: Buffer, directory: string): string {
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) return text;
  throw new ImageError(
    'unsupported',
    `a name in ${directory} is not UTF-8: ${JSON.stringify(bytes.toString('latin1'))}`,
    'Pack it by tar(1), and import the archive.',
  );
}

/** gnu_dev_major of <sys/sysmacros.h>, for the 32 bits that Linux uses. */
function major(device: number): number {
  return Math.floor(device / 256) & 0xfff;
}

function minor(device: number): number {
  return (device & 0xff) | (Math.floor(device / 4096) & 0xfff00);
}
