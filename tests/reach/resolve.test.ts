/** Where paths lead, next to what the kernel says. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { AT_FDCWD, O_DIRECTORY, O_PATH, sys, withOpen } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it } from 'vitest';
import { resolveIn } from '../../packages/ns-tool/src/mount-reach/resolve.ts';
import { openFiles } from '../support/children.ts';
import { scratchDirectory } from '../support/scratch.ts';

describe('resolveIn', () => {
  const folder = scratchDirectory();
  beforeAll(() => {
    const at = (path: string) => `${folder}/${path}`;
    mkdirSync(at('a/b/c'), { recursive: true });
    mkdirSync(at('odd\nname'));
    writeFileSync(at('file'), '');
    const links = {
      absolute: '/a/b',
      'a/relative': 'b/c',
      'a/b/up': '../../file',
      'a/b/out': '../../../../../../a',
      'a/link': '../absolute/c',
      dangling: '/a/none/deeper',
      loop: 'loop',
      dot: '.',
      root: '/',
      slashes: '//a///b/',
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, at(name));
    // 40 links in a row, which the kernel still follows, and one more.
    for (let i = 0; i < 41; i++) symlinkSync(i === 0 ? 'file' : `chain${i - 1}`, at(`chain${i}`));
    symlinkSync(Buffer.from('a/\xff', 'latin1'), at('bytes'));
  });

  const resolve = (path: string, root = folder, procDevices: readonly string[] = []) =>
    withOpen(sys, AT_FDCWD, root, O_PATH | O_DIRECTORY, (fd) => resolveIn(sys, fd, path, new Set(procDevices)));

  it.each<[string, string]>([
    ['/', '/'],
    ['//', '/'],
    ['/..', '/'],
    ['/a/b/c', '/a/b/c'],
    ['/a/./b//c/', '/a/b/c'],
    ['/a/b/..', '/a'],
    ['/a/b/../../../..', '/'],
    ['/absolute', '/a/b'],
    ['/absolute/..', '/a'],
    ['/absolute/c', '/a/b/c'],
    ['/a/relative', '/a/b/c'],
    ['/a/b/up', '/file'],
    ['/a/b/out', '/a'],
    ['/a/link', '/a/b/c'],
    ['/dot/dot/a', '/a'],
    ['/root/a', '/a'],
    ['/a/../root', '/'],
    ['/slashes/c', '/a/b/c'],
    ['/chain39', '/file'],
    ['/odd\nname', '/odd\nname'],
  ])('%j leads to %j', (path, expected) => {
    expect(resolve(path)).toEqual({ path: expected, existing: expected });
  });

  it.each<[string, string, string]>([
    ['/none', '/none', '/'],
    ['/none/', '/none', '/'],
    ['/a/none/.', '/a/none', '/a'],
    ['/a/none/x', '/a/none/x', '/a'],
    ['/dangling/x', '/a/none/deeper/x', '/a'],
    ['/a/none/../b', '/a/b', '/a/b'],
    ['/a/none/x/../../../absolute/y', '/a/b/y', '/a/b'],
    ['/a/none/absolute', '/a/none/absolute', '/a'],
    ['/bytes', '/a/\udcff', '/a'],
  ])('%j, which does not exist, leads to %j, in %j', (path, expected, existing) => {
    expect(resolve(path)).toEqual({ path: expected, existing });
  });

  it.each<[string, string]>([
    ['/loop', '/loop: too many symbolic links (ELOOP)'],
    ['/chain40', '/chain40: too many symbolic links (ELOOP)'],
    ['/file/x', '/file is not a directory (ENOTDIR)'],
    ['/a/b/up/x', '/file is not a directory (ENOTDIR)'],
    ['/file/.', '/file is not a directory (ENOTDIR)'],
    ['/file/', '/file is not a directory (ENOTDIR)'],
    ['/a/b/up/', '/file is not a directory (ENOTDIR)'],
    ['/file/..', '/file is not a directory (ENOTDIR)'],
  ])('refuses %j', (path, message) => {
    const before = openFiles();
    expect(() => resolve(path)).toThrow(message);
    expect(openFiles()).toBe(before);
  });

  it('leaves no descriptor open', () => {
    const before = openFiles();
    resolve('/a/b/../b/c/../../link/none/x/..');
    expect(openFiles()).toBe(before);
  });

  it('does not follow links of procfs, which lead each process elsewhere', () => {
    const device = /^\d+ \d+ (\S+) \/ \/proc /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
    expect(() => resolve('/proc/self/root/mnt', '/', [device])).toThrow(
      '/proc/self is a link of procfs, which leads each process elsewhere',
    );
    expect(() => resolve('/proc/1/root', '/', [device])).toThrow('/proc/1/root is a link of procfs');
    expect(resolve('/proc/1', '/', [device]).path).toBe('/proc/1');
  });
});
