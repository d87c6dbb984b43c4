/** The mount table by statmount(2), held against /proc/self/mountinfo, in namespaces with mounts of all sorts. */

import { fileURLToPath } from 'node:url';
import type { Mount } from '@ns-tool/mount-table';
import { sys } from '@ns-tool/syscalls';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { mountsByStatmount } from '../../packages/ns-tool/src/mount-table/statmount.ts';
import { needsRoot } from '../support/privilege.ts';

const isThere = mountsByStatmount(sys) !== null;
if (!isThere) console.warn('skipped, since this kernel has no statmount(2) that tells enough: the mount table by it');

const PROGRAM = fileURLToPath(new URL('../.programs/mount-tables.cjs', import.meta.url));

/** Both tables as a process sees them that runs after these commands, in a mount namespace of its own. */
async function tables(script: string, through: readonly string[] = []): Promise<{ ours: Mount[]; theirs: Mount[] }> {
  const words = ['--mount', 'sh', '-ec', `${script}\nexec "$@"`, 'sh', ...through, process.execPath, PROGRAM];
  const { stdout } = await execa('unshare', words);
  return JSON.parse(stdout);
}

const cases: Readonly<Record<string, string>> = {
  'as it is': '',
  'with each propagation': `
    mount -t tmpfs base /dev/shm; cd /dev/shm
    for name in shared slave both private unbindable; do mkdir $name && mount -t tmpfs $name $name; done
    mount --make-shared shared; mount --make-unbindable unbindable
    mount --make-shared slave; mount --make-shared both
    mkdir of-slave of-both && mount --bind slave of-slave && mount --bind both of-both
    mount --make-slave of-slave; mount --make-slave of-both; mount --make-shared of-both`,
  'with odd names': `
    mount -t tmpfs base /dev/shm; cd /dev/shm
    odd=$(printf 'a b\\nc\\td\\\\\\\\e#f\\377'); mkdir "$odd" && mount -t tmpfs "so urce,#" "$odd"; mkdir none && mount -t tmpfs "" none`,
  'with each option': `
    mount -t tmpfs base /dev/shm; cd /dev/shm
    for o in ro nosuid nodev noexec noatime nodiratime strictatime sync dirsync lazytime ro,nosuid,nodev,noexec,noatime,nodiratime nosymfollow size=1m,mode=0700
    do mkdir "$o" && mount -t tmpfs -o "$o" opt "$o" || rmdir "$o"; done`,
  'with binds, stacks, moves and deleted directories': `
    mount -t tmpfs base /dev/shm; cd /dev/shm && mkdir -p a/b c d e
    mount --bind a/b c; mount -t tmpfs first d; mount -t tmpfs second d; mount --move d e; mkdir a/gone && mount --bind a/gone c && rmdir a/gone
    mkdir u w m && mount -t overlay -o lowerdir=a,upperdir=u,workdir=w over m`,
  'with more mounts than are listed at once': `
    mount -t tmpfs base /dev/shm; cd /dev/shm && i=0; while [ $i -lt 1100 ]; do i=$((i+1)); mkdir $i; mount --bind $i $i; done`,
  'with options longer than the buffer': `
    mount -t tmpfs base /dev/shm; cd /dev/shm && long=$(printf 'x%.0s' $(seq 200)) && mkdir -p $long u w m lower
    dirs=lower; for i in $(seq 18); do mkdir -p $long/$i; dirs=$dirs:/dev/shm/$long/$i; done
    mount -t overlay -o lowerdir=$dirs over m || true`,
};

describe.skipIf(!isThere || needsRoot('the mount table by statmount(2)'))(
  'statmount(2) and mountinfo say the same',
  () => {
    for (const [name, script] of Object.entries(cases)) {
      it(name, async () => {
        const { ours, theirs } = await tables(script);
        expect(ours).toEqual(theirs.map((mount) => ({ ...mount, propagateFrom: null })));
        expect(ours.length).toBeGreaterThan(3);
      });
    }

    it('in a root directory that does not lead to all mounts', async () => {
      const script = 'mount --rbind / /mnt && mount -t tmpfs below /mnt/dev/shm && mount -t tmpfs outside /dev/shm';
      const { ours, theirs } = await tables(script, ['chroot', '/mnt']);
      expect(theirs.map(({ source }) => source)).toContain('below');
      expect(theirs.map(({ source }) => source)).not.toContain('outside');
      expect(ours).toEqual(theirs.map((mount) => ({ ...mount, propagateFrom: null })));
    });
  },
);
