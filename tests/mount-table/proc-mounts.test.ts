import { readFileSync } from 'node:fs';
import { inMountFormat, mountAt, parseProcMounts } from 'ns-tool';
import { describe, expect, it } from 'vitest';

const parse = (table: string) => parseProcMounts(Buffer.from(table));

describe('parseProcMounts', () => {
  it('reads source, mount point, type and options', () => {
    expect(parse('tmpfs /mnt/test_mount tmpfs rw,nosuid,nodev,relatime 0 0\n')).toEqual([
      { source: 'tmpfs', mountPoint: '/mnt/test_mount', type: 'tmpfs', options: ['rw', 'nosuid', 'nodev', 'relatime'] },
    ]);
  });

  it('undoes the escapes of the kernel, also within a character of several bytes', () => {
    const [entry] = parse('a\\040b /a\\011b\\012c\\134d/\\303\\251/é\\043 x rw 0 0\n');
    expect(entry).toMatchObject({ source: 'a b', mountPoint: '/a\tb\nc\\d/é/é#' });
  });

  it('leaves a backslash alone that is no escape', () => {
    expect(parse('a /x\\9\\04 x rw 0 0\n')[0]?.mountPoint).toBe('/x\\9\\04');
  });

  it('reads the table of this machine, line for line', () => {
    const table = readFileSync('/proc/self/mounts');
    const entries = parseProcMounts(table);
    expect(entries).toHaveLength(table.toString().trimEnd().split('\n').length);
    expect(mountAt(entries, '/')).toBeDefined();
  });
});

describe('mountAt', () => {
  it('finds the topmost of several mounts on one mount point', () => {
    const entries = parse('a /m x rw 0 0\nb /m y ro 0 0\nc /m/n z rw 0 0\n');
    expect(mountAt(entries, '/m')?.source).toBe('b');
    expect(mountAt(entries, '/none')).toBeUndefined();
  });
});

describe('inMountFormat', () => {
  it('writes what mount(8) writes', () => {
    const [entry] = parse('tmpfs /mnt tmpfs rw,nosuid 0 0\n');
    expect(entry && inMountFormat(entry)).toBe('tmpfs on /mnt type tmpfs (rw,nosuid)');
  });
});
