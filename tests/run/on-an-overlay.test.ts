/**
 * Images and containers where the store lies on an overlay, as in a Docker container: over it the kernel makes no other, nor
 * whiteouts on it. An ordinary user with subordinate IDs, and root, on a machine of the test's own, whose disk is one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Learner } from '../lessons/learner.ts';
import { LOOK, MAKE_IMAGE, NO_OVERLAY, NOT_SEEN, needsUmoci, SEEN } from './image.ts';
import { needsBusybox } from './rootfs.ts';

const isRoot = process.geteuid?.() === 0;
const what = 'a store on an overlay';

describe.skipIf([!isRoot, needsBusybox(what), needsUmoci(what)].some(Boolean)).each([
  ['an ordinary user', '', '/home/learner/.local/share/ns-tool'],
  ['root', 'sudo ', '/var/lib/ns-tool'],
])('a store on an overlay, %s', (_, sudo, store) => {
  let user: Learner;
  beforeAll(async () => {
    user = await Learner.make();
    await user.write('~/make-image', MAKE_IMAGE, { append: false });
    await user.write('~/look', LOOK, { append: false });
    await user.type('cd ~; sh ~/make-image');
  });
  afterAll(() => user?.[Symbol.asyncDispose]());

  const tool = (args: string) => user.type(`${sudo}ns-tool ${args}`);
  const as = (script: string) => user.type(`${sudo}sh -c '${script}'`);
  const containers = () => as(`ls -A ${store}/containers ${store}/tmp; ns-tool ps -q`);
  const NONE = `${store}/containers:\n\n${store}/tmp:\n`;

  it('takes an image with whiteouts', async () => {
    expect(await as(`mkdir -p ${store}; mknod ${store}/whiteout c 0 0`)).toContain('Operation not permitted');
    const said = await tool('pull ./image:1 --name box');
    expect(said).toMatch(/^docker.io\/library\/box:latest sha256:[0-9a-f]{64}$/m);
    expect(said.match(/: unpacked$/gm)).toHaveLength(2);
    expect((await tool('pull ./image:1 --name box')).match(/: already there$/gm)).toHaveLength(2);
    expect(await tool('images')).toMatch(/^box:latest /m);
  });

  it('keeps what the image needs, and no layer twice', async () => {
    expect(await tool('cleanup')).toMatch(/^Removed .* that no image needs$/m);
    expect(await as(`ls ${store}/layers | wc -l; ls ${store}/blobs/sha256 | wc -l`)).toBe('1\n4\n');
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
    expect((await tool('pull ./image:1 --name box')).match(/: already there$/gm)).toHaveLength(2);
  });

  it('has containers in which all is as in an overlay', async () => {
    await tool('pull ./image:1 --name box --store /tmp/store > /dev/null 2>&1');
    const overlay = await tool(`run --store /tmp/store -v ~/look:/look box sh /look`);
    const copy = await tool(`run -v ~/look:/look box sh /look`);
    expect(copy).toBe(NO_OVERLAY('EINVAL') + overlay);
    expect(copy).toMatch(SEEN);
    expect(copy).not.toMatch(NOT_SEEN);
    await as('rm -rf /tmp/store');
    expect(await containers()).toBe(NONE);
  });

  /** Starts a container in the background, and returns once `until` holds. In a shell of its own, which says itself that it was killed. */
  const start = async (name: string, command: string, until: string) => {
    await user.type(
      `(${sudo}ns-tool run --name ${name} box ${command}; exit $?) > ~/${name}.out 2>&1 & echo $! > ~/${name}.pid; i=0; until ${until} || [ $((i += 1)) -gt 200 ]; do sleep 0.05; done`,
    );
  };
  const ended = async (name: string) => (await user.type(`wait $(cat ~/${name}.pid); echo $?`)).trim();

  it('runs others in them, and ends them', async () => {
    await start('web', 'sleep 600', `${sudo}ns-tool exec web true 2> /dev/null`);
    expect(await tool('ps')).toMatch(/ web +\d+ +running /);
    expect(await tool('exec -u ada web -- id -u')).toBe('1000\n');
    expect(await tool('exec web sh -c "echo x > /srv/x; cat /srv/x; ls /srv/old"')).toBe('x\nnew\n');
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
    expect(await tool('stop --time 0 web')).toBe('web: killed\n');
    expect(await ended('web')).toBe('137');
    expect(await containers()).toBe(NONE);
  });

  describe('in the middle of the copy', () => {
    // Of the first layer only a part comes: the blob is a pipe, and who writes to it waits.
    const stalled = async () => {
      await as(`cd ${store}/blobs/sha256
blob=$(ls -S | head -1); echo $blob > /tmp/name; mv $blob /tmp/blob; mkfifo $blob
head -c 700000 /tmp/blob > /tmp/part
sh -c "exec 9<> $blob; exec tail -c +1 -f /tmp/part >&9" > /dev/null 2>&1 & echo $! > /tmp/writer`);
      await start('half', 'true', `${sudo}sh -c 'ls ${store}/containers/*/copy/next/*' > /dev/null 2>&1`);
    };
    const restored = async () => {
      await as(`kill $(cat /tmp/writer); mv /tmp/blob ${store}/blobs/sha256/$(cat /tmp/name)`);
      expect(await tool('run box echo again')).toBe(`${NO_OVERLAY('EINVAL')}again\n`);
      expect(await containers()).toBe(NONE);
    };

    it('is ended by `stop`, and leaves nothing', async () => {
      await stalled();
      expect(await tool('stop half')).toBe('half: ended\n');
      expect(await ended('half')).toBe('143');
      expect(await containers()).toBe(NONE);
      await restored();
    });

    it('is left by who is killed there; cleanup removes it', async () => {
      await stalled();
      const [{ id, pid }] = JSON.parse(await tool('ps --json'));
      await as(`kill -KILL ${pid}`);
      expect(await ended('half')).toBe('137');
      expect(await tool('cleanup')).toMatch(new RegExp(`^Removed the files of ${id}.*\nRemoved the state of ${id}`));
      expect(await containers()).toBe(NONE);
      expect(await tool('cleanup')).toBe('Nothing is left over.\n');
      await restored();
    });
  });

  it('removes the image with all that it has', async () => {
    expect(await tool('rmi box')).toContain('box');
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
    expect(await as(`ls -A ${store}/layers ${store}/blobs/sha256`)).toBe(
      `${store}/blobs/sha256:\n\n${store}/layers:\n`,
    );
  });
});
