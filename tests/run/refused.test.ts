/** Containers where the kernel refuses the overlay, on a filesystem that would take one: by a filter of system calls. */
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, needsCompiler } from '../support/compiler.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';
import { CTRL_C, hasTerminals, session, TOOL } from '../support/terminal.ts';
import { LOOK, MAKE_IMAGE, NO_OVERLAY, NOT_SEEN, needsUmoci, SEEN } from './image.ts';
import { needsBusybox } from './rootfs.ts';

const USER = 54321;
const what = 'containers without an overlay';

const skipped = [needsRoot(what), needsBusybox(what), needsUmoci(what), needsCompiler(what)].some(Boolean);

describe.skipIf(skipped).each([
  ['root', 0],
  ['an ordinary user', USER],
])('where the kernel refuses the overlay, %s', (_who, uid) => {
  let stand: Stand;
  /** What is seen from inside where there is one. */
  let overlay = '';
  const scratch = scratchDirectory();
  const asUser = `setpriv --reuid ${uid} --regid ${uid} --clear-groups`;
  const env = { NS_TOOL_STORE: '/mnt/disk/store', XDG_RUNTIME_DIR: '/mnt/disk/states' };
  const environment = Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
  const tool = `${environment} ${asUser} ${TOOL}`;

  beforeAll(async () => {
    compile(new URL('refuse.c', import.meta.url), join(scratch, 'refuse'), ['-static']);
    stand = await Stand.make();
    await stand.shell(`
mount -t tmpfs run /run
mkdir /mnt/disk
mount -t tmpfs -o mode=755 disk /mnt/disk
mkdir -m 700 /mnt/disk/states
mkdir /mnt/image
chown ${uid}:${uid} /mnt/disk /mnt/disk/states /mnt/image
cp ${join(scratch, 'refuse')} /mnt/refuse
cd /mnt/image
cat > /mnt/make <<'END'
${MAKE_IMAGE}
END
${asUser} sh /mnt/make
${tool} pull ./image:1 --name box
${tool} pull ./image:1 --name busy
`);
    const { status, stdout, stderr } = await run(LOOK);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    overlay = stdout;
  });
  afterAll(async () => {
    await stand?.dispose();
  });

  const run = async (script: string, { errno = 0, options = [] as readonly string[], image = 'box' } = {}) =>
    await stand.run({
      program: 'ns-tool',
      args: ['run', ...options, image, 'sh', '-c', script],
      env,
      uid,
      ...(errno !== 0 && { through: ['/mnt/refuse', String(errno)] }),
    });
  const left = () =>
    stand.shell(
      'ls -A /mnt/disk/store/containers /mnt/disk/store/tmp; ls -A /run/ns-tool /mnt/disk/states/ns-tool 2>&1 | grep -v -e : -e "^$"; true',
    );
  /** All of the store, with its contents. */
  const store = () =>
    stand.shell(
      'cd /mnt/disk/store; find layers blobs -printf "%p %y %m %U:%G %s %T@ %n\\n" | sort; find layers blobs -type f -exec md5sum {} + | sort',
    );

  it.each(['EPERM', 'ENODEV', 'EINVAL', 'EACCES', 'EOPNOTSUPP', 'ENOSYS'] as const)(
    'by %s, its container has a copy of the image, in which all is as in the overlay',
    async (errno) => {
      const copy = await run(LOOK, { errno: constants.errno[errno] });
      expect(copy.stderr).toBe(NO_OVERLAY(errno));
      expect(copy.stdout).toBe(overlay);
      expect(copy.stdout).toMatch(SEEN);
      expect(copy.stdout).not.toMatch(NOT_SEEN);
      expect(copy).toMatchObject({ status: 0, mountEvent: false, fileEvents: [] });
      expect(await left()).toBe('/mnt/disk/store/containers:\n\n/mnt/disk/store/tmp:\n');
    },
  );

  it('writes nothing to the store, and the next container sees nothing of it', async () => {
    const before = await store();
    const errno = constants.errno.EPERM;
    expect((await run('echo x >> /srv/a; rm -r /opt /srv/kept; mkdir -m 0 /locked', { errno })).status).toBe(0);
    expect(await store()).toBe(before);
    expect((await run('cat /srv/a /srv/changed; ls /srv/kept', { errno })).stdout).toBe('one\ntwo\n1\n2\n3\n');
  });

  it('takes an image on a filesystem that has whiteouts, but no attributes for opaque directories', async () => {
    await stand.shell(`mkdir -p /mnt/ramfs && mount -t ramfs ramfs /mnt/ramfs && chown ${uid}:${uid} /mnt/ramfs
${tool} pull /mnt/image/image:1 --name box --store /mnt/ramfs/store`);
    const { status, stdout, stderr } = await run(LOOK, { options: ['--store', '/mnt/ramfs/store'] });
    await stand.shell('umount /mnt/ramfs');
    // The kernel makes an overlay there, too.
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: overlay });
  });

  it('can be read-only, and of another user of the image', async () => {
    const errno = constants.errno.EPERM;
    expect((await run('touch /x', { errno, options: ['--read-only'] })).stderr).toContain('Read-only file system');
    if (uid !== 0) return;
    expect((await run('id -u; echo $HOME', { errno, options: ['-u', 'ada'] })).stdout).toBe('1000\n/home/ada\n');
  });

  it('needs no copy where something else is wrong', async () => {
    const { status, stderr } = await run('true', { errno: constants.errno.EBUSY });
    expect(status).toBe(125);
    expect(stderr).toMatch(/^ns-tool: mount\("overlay", .*EBUSY\)\n.*The kernel refuses the overlay/);
    expect(await left()).toBe('/mnt/disk/store/containers:\n\n/mnt/disk/store/tmp:\n');
  });

  it('says that the disk is full, and leaves nothing on it', async () => {
    await stand.shell(
      'set -- $(df --output=used -k /mnt/disk | tail -1); mount -o remount,size=$(($1 + 500))k /mnt/disk',
    );
    const { status, stdout, stderr } = await run('true', { errno: constants.errno.EPERM });
    await stand.shell('mount -o remount,size=50% /mnt/disk');
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(
      /^ns-tool: no overlay here.*\nns-tool: the layer's entry .* cannot be unpacked: No space left on device \(ENOSPC\)\n.*The disk is full/,
    );
    expect(await left()).toBe('/mnt/disk/store/containers:\n\n/mnt/disk/store/tmp:\n');
    expect((await run('true', { errno: constants.errno.EPERM })).status).toBe(0);
  });

  it('says so if a blob has gone, or is another', async () => {
    const errno = constants.errno.EPERM;
    // The largest is the first layer's.
    await stand.shell(
      'cd /mnt/disk/store/blobs/sha256; ls -S | head -1 > /mnt/disk/name; mv $(cat /mnt/disk/name) /mnt/disk/blob',
    );
    const missing = await run('true', { errno });
    await stand.shell(
      'cd /mnt/disk/store/blobs/sha256; sed "s/./x/300000" /mnt/disk/blob | head -c 400000 > $(cat /mnt/disk/name)',
    );
    const other = await run('true', { errno });
    await stand.shell('mv /mnt/disk/blob /mnt/disk/store/blobs/sha256/$(cat /mnt/disk/name)');
    expect(missing).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/is damaged: the layer sha256:\w+ is missing\n.*ns-tool rmi/),
    });
    expect(other).toMatchObject({
      status: 125,
      stderr: expect.stringMatching(/\nns-tool: the layer is no.*\n.*Get it again/),
    });
    expect(await left()).toBe('/mnt/disk/store/containers:\n\n/mnt/disk/store/tmp:\n');
    expect((await run('true', { errno })).status).toBe(0);
  });

  it.skipIf(!hasTerminals(what)).each([[''], ['-t']])('ends the copy by Ctrl-C: run %s', async (options) => {
    // Of the first layer only a part comes: the blob is a pipe, and who writes to it waits, as long as there is the stand.
    await stand.shell(`cd /mnt/disk/store/blobs/sha256
blob=$(ls -S | head -1); echo $blob > /mnt/disk/name; mv $blob /mnt/disk/blob; mkfifo $blob; chown ${uid} $blob
head -c 700000 /mnt/disk/blob > /mnt/part
sh -c 'exec 9<> $1; exec tail --pid=$2 -c +1 -f /mnt/part >&9' sh $blob $PPID > /dev/null 2>&1 & echo $! > /mnt/disk/writer`);
    const files = await session(stand, [
      [
        'outside1',
        `stty -g > before; (until ls /mnt/disk/store/containers/*/copy/next/* > there 2> /dev/null; do sleep 0.02; done; : > ready) & ${environment} ${asUser} /mnt/refuse 1 ${TOOL} run ${options} box sh\\n`,
      ],
      ['ready', CTRL_C],
      ['outside2', 'echo $? > status; stty -g > after; exit\\n'],
    ]);
    // Once who writes has ended, nobody has the pipe open any more: fifo(7), ENXIO.
    const opened = await stand.shell(`kill $(cat /mnt/disk/writer); cd /mnt/disk/store/blobs/sha256; i=0
until dd of=$(cat /mnt/disk/name) oflag=nonblock conv=notrunc if=/dev/null 2>&1 | grep 'No such device'; do
  [ $((i += 1)) -lt 200 ] || break; sleep 0.02; done`);
    await stand.shell('mv /mnt/disk/blob /mnt/disk/store/blobs/sha256/$(cat /mnt/disk/name)');
    expect(opened).toContain('No such device or address');
    expect(files).toMatchObject({ status: '130', after: files.before });
    expect(files.there).not.toBe('');
    expect(await left()).toBe('/mnt/disk/store/containers:\n\n/mnt/disk/store/tmp:\n');
  });
});
