/** What `ns-tool run` says where the container's user namespace has not the user or group that the command is to be. */
import { beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { LEARNER, makeLearner, needsIdMapping } from '../support/subordinate-user.ts';
import { MAKE_ROOTFS, needsBusybox } from './rootfs.ts';

const what = 'what is said of an ID that a container has not';
/** A user with no range, and one with a range of users alone. */
const [OTHER, HALF] = [54322, 54323];

describe.skipIf([needsRoot(what), needsBusybox(what), needsIdMapping(what)].some(Boolean))('a user who is', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(`${makeLearner('200000:1000', '300000:500')}
echo ${HALF}:400000:65536 >> /etc/subuid
set -- /mnt/rootfs; ${MAKE_ROOTFS}
for uid in ${LEARNER} ${OTHER} ${HALF}
do mkdir -m 700 /mnt/$uid; cp -a /mnt/rootfs /mnt/$uid; chown -hR $uid:$uid /mnt/$uid; done`);
    return () => stand.dispose();
  });

  const TOO_SMALL =
    'Your user namespace has no such ID. It has those up to 1000 for users and up to 500 for groups: your ranges in /etc/subuid and /etc/subgid are too small.';
  const NOT_MAPPED =
    'Your user namespace has no such ID. You have more in /etc/subuid and /etc/subgid, but newuidmap(1) and newgidmap(1), which map them, are not in your PATH: install the package uidmap.';
  const NO_RANGE = (options: string) =>
    `Your user namespace has no such ID. Root gives you more: sudo usermod ${options} $USER; they are mapped by newuidmap(1), of the package uidmap.`;

  it.each<[string, { uid: number; env?: Record<string, string> }, string]>([
    ['beyond the ranges', { uid: LEARNER }, TOO_SMALL],
    ['in a range that nothing maps', { uid: LEARNER, env: { PATH: '/none' } }, NOT_MAPPED],
    ['in no range', { uid: OTHER }, NO_RANGE('--add-subuids 100000-165535 --add-subgids 100000-165535')],
    ['in no range of groups', { uid: HALF }, NO_RANGE('--add-subgids 100000-165535')],
  ])('%s is told what is missing', async (_, { uid, env }, hint) => {
    const { status, stderr } = await stand.run({
      program: 'ns-tool',
      args: ['run', '--store', `/mnt/${uid}/store`, '-u', 'ada', `/mnt/${uid}/rootfs`],
      uid,
      env: { XDG_RUNTIME_DIR: `/mnt/${uid}`, ...env },
    });
    expect(stderr).toMatch(/^ns-tool: setresgid\(.*\): Invalid argument \(EINVAL\)\n/);
    expect(stderr.split('\n').slice(1)).toEqual([hint, '']);
    expect(status).toBe(125);
  });
});
