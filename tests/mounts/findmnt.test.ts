/** Side by side with findmnt(8), on a table of the kernel with all that is odd in one. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromBytes } from '@ns-tool/mount-table';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Namespace, quoted } from '../mount-table/namespaces.ts';
import { needsRoot } from '../support/privilege.ts';

const program = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));
const mounts = `${process.execPath} ${program} mounts`;

/** Names that are UTF-8 and print as they are, and others. */
const PLAIN = ['a b', '#', '\\', '\\040', 'a,b=c:d', '"$q`', 'é€😀'];
const ODD = ['tab\t', 'line\nfeed', '\x1b[2J\r', '\x7f'];
const NOT_UTF8 = ['\udcff\udcfe', 'é\udcc3'];

const SCRIPT = `
  mount -t tmpfs -o size=1m,mode=755 base /mnt
  cd /mnt
  mkdir stacked bound moved from shared slave peer both bothpeer unbindable deleted gone lower upper work overlay empty ro
  mount -t tmpfs bottom stacked && mkdir stacked/below && mount -t tmpfs below stacked/below
  mount -t tmpfs middle stacked && mount -t tmpfs top stacked
  mkdir -p sub/dir && mount --bind sub/dir bound
  touch net && mount --bind /proc/self/ns/net net
  mount -t tmpfs moved from && mount -t tmpfs beneath moved && mount --move from moved
  mount -t tmpfs shared shared && mount --make-shared shared
  mount -t tmpfs slave slave && mount --make-shared slave && mount --bind slave peer && mount --make-slave slave
  mount -t tmpfs both both && mount --make-shared both && mount --bind both bothpeer
  mount --make-slave both && mount --make-shared both
  mount -t tmpfs unbindable unbindable && mount --make-unbindable unbindable
  mount --bind deleted gone && rmdir deleted
  mount -t tmpfs '' empty && mount -o remount,bind,ro,nosuid empty
  mount -t tmpfs -o ro,size=64k,nr_inodes=7 ro ro
  mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work over overlay
`;

const hasFindmnt = spawnSync('findmnt', ['--version']).status === 0;
if (!hasFindmnt) console.warn('skipped, since findmnt(8) is not installed: ns-tool mounts side by side with it');

describe.skipIf(!hasFindmnt || needsRoot('ns-tool mounts side by side with findmnt'))('ns-tool mounts', () => {
  let plain: Namespace;
  let odd: Namespace;

  beforeAll(async () => {
    plain = await Namespace.make();
    await plain.shell(SCRIPT);
    for (const name of PLAIN) await mountAt(plain, name);
    odd = await Namespace.make('private', plain);
    for (const name of [...ODD, ...NOT_UTF8]) await mountAt(odd, name);
    // In a child of each, on whose table nothing changes meanwhile.
  });
  afterAll(async () => {
    await plain?.dispose();
    await odd?.dispose();
  });

  async function mountAt(namespace: Namespace, name: string): Promise<void> {
    const path = quoted(`/mnt/${name}`);
    await namespace.shell(`mkdir ${path} && mount -t tmpfs ${quoted(name)} ${path}`);
  }

  /** What both print, given the same words. */
  async function both(namespace: Namespace, words: string): Promise<[ours: Buffer, theirs: Buffer]> {
    const environment = 'export LC_ALL=C.UTF-8;';
    return [
      await namespace.shell(`${environment} ${mounts} ${words}`),
      await namespace.shell(`${environment} findmnt ${words} || [ $? = 1 ]`),
    ];
  }

  const ALL = 'TARGET,SOURCE,FSTYPE,OPTIONS,VFS-OPTIONS,FS-OPTIONS,PROPAGATION,OPT-FIELDS,ID,PARENT,MAJ:MIN,FSROOT,TID';
  /** PROPAGATION is in words of our own where people read it. */
  const READ = ALL.replace('PROPAGATION,', '');
  const PLACES = ['', '/mnt', '/mnt/stacked', '-R /mnt', '-R /mnt/stacked', '/mnt/../mnt/./sub/../peer', 'bottom'];
  const TYPES = ['-t tmpfs', '-t notmpfs,proc', '-t TMPFS,overlay -R', '-t tmpfs /mnt/stacked'];

  describe.each([...PLACES, ...TYPES])('with %j', (where) => {
    it.each(['-J', '-l -J', '-r', '-P', '-r -n', '-P -n', '--json', '--raw', '--pairs'])(
      'prints with %s what findmnt prints, byte by byte',
      async (format) => {
        const [ours, theirs] = await both(plain, `${format} -N $$ -o ${ALL} ${where}`);
        expect(String(ours)).toBe(String(theirs));
        expect(ours.length).toBeGreaterThan(10);
      },
    );

    it.each(['', '-l', '-n', '-l -n'])('shows with %j what findmnt shows', async (format) => {
      const [ours, theirs] = await both(plain, `${format} -N $$ -o ${READ} ${where}`);
      expect(String(ours)).toBe(String(theirs).replace(/ +$/gm, ''));
      expect(ours.length).toBeGreaterThan(10);
    });
  });

  it.each(['TARGET', 'ID', 'id,parent', 'FSTYPE,TARGET', 'SOURCE,MAJ:MIN,PARENT'])(
    'has the columns %s as findmnt has, in a tree where TARGET is one of them',
    async (columns) => {
      for (const format of ['', '-l', '-r', '-J -l', '-J', '-P']) {
        const [ours, theirs] = await both(plain, `${format} -o ${columns}`);
        expect([format, String(ours)]).toEqual([format, String(theirs).replace(/ +$/gm, '')]);
      }
    },
  );

  it('draws with ASCII where the locale has no more', async () => {
    for (const locale of ['LC_ALL=C', 'LC_ALL= LC_CTYPE=C LANG=C.UTF-8', 'LC_ALL= LC_CTYPE= LANG=C']) {
      const ours = await plain.shell(`${locale} ${mounts} -R -o TARGET,ID /mnt/stacked`);
      const theirs = await plain.shell(`${locale} findmnt -R -o TARGET,ID /mnt/stacked`);
      expect(String(ours)).toBe(String(theirs));
      expect(String(ours)).toContain('|-');
    }
    const utf8 = await plain.shell(`LC_ALL= LC_CTYPE=C.utf8 LANG=C ${mounts} -R -o TARGET,ID /mnt/stacked`);
    expect(String(utf8)).toContain('├─');
  });

  it('prints odd names with -r and -P as findmnt does', async () => {
    for (const format of ['-r', '-P']) {
      const [ours, theirs] = await both(odd, `${format} -o ${ALL.replace(',TID', '')}`);
      expect(String(ours)).toBe(String(theirs));
      expect(String(ours)).toContain('\\xff\\xfe');
    }
  });

  it('prints JSON with all bytes of a name that is not UTF-8, where that of findmnt is none', async () => {
    const [ours, theirs] = await both(odd, `-J -l -o ${ALL.replace(',TID', '')}`);
    const bytesAsNames = (_: string, value: unknown) =>
      typeof value === 'string' ? fromBytes(Buffer.from(value, 'latin1')) : value;
    const { filesystems } = JSON.parse(String(ours));
    expect(filesystems).toEqual(JSON.parse(theirs.toString('latin1'), bytesAsNames).filesystems);
    expect(filesystems.map(({ source }: { source: string }) => source)).toEqual(
      expect.arrayContaining([...ODD, ...NOT_UTF8]),
    );
  });

  it('shows people no control characters', async () => {
    for (const words of ['', '-l', '-o TARGET,SOURCE']) {
      const shown = String(await odd.shell(`LC_ALL=C.UTF-8 ${mounts} ${words}`));
      expect(shown).not.toMatch(/[^\P{Cc}\n]/u);
      expect(shown).toContain('/mnt/\\033[2J\\015');
      expect(shown).toContain('/mnt/\\377\\376');
    }
  });

  it('reads a saved table as findmnt does', async () => {
    await plain.shell('cat /proc/self/mountinfo > /mnt/sub/saved');
    const [ours, theirs] = await both(plain, `-J -F /mnt/sub/saved -o ${ALL}`);
    expect(String(ours)).toBe(String(theirs));
  });

  it('is in the order of IDs, and not of the table, below one mount', async () => {
    // A table that no kernel need write, but could.
    await plain.shell(`cat > /mnt/sub/orders <<'END'
40 99 0:6 / /b rw - tmpfs y ro,size=1k
23 40 0:7 / /b/c rw,nosuid - tmpfs z rw,nodev
20 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw
30 20 0:5 / /a rw - tmpfs x rw
21 20 0:5 / /c rw - tmpfs x rw
50 98 0:6 / /e rw - tmpfs y ro,size=1k
22 20 0:5 /q /d rw - tmpfs  ro
END`);
    for (const words of ['', '-l', '-J', '-t tmpfs', '-R -t tmpfs', '-R -t tmpfs,ext4 -l', '-R -J -t tmpfs,ext4']) {
      const [ours, theirs] = await both(plain, `-F /mnt/sub/orders ${words} -o TARGET,SOURCE,OPTIONS,ID`);
      expect([words, String(ours)]).toEqual([words, String(theirs)]);
    }
  });
});
