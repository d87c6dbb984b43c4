/** Residents: processes of a stand with namespaces, a root or a working directory of their own, for others to enter. */
import { readlinkSync } from 'node:fs';
import { NAMESPACE_KINDS, namespaceFile } from '@ns-tool/syscalls';
import type { Stand } from '../support/stand.ts';

export const USER = 54321;
export const AS_USER = `setpriv --reuid ${USER} --regid ${USER} --clear-groups`;

/** Writes the pid by which the stand knows the shell that runs this. */
const READY = 'read -r pid rest < /proc/self/stat; echo $pid > /residents/$NAME';

/** The last thing that the shell of a resident does. */
export const STAY = `${READY}; exec sleep 1000`;

/** How the shell of the stand starts them. `$NAME` is their name. */
export const RESIDENTS = {
  /** In namespaces of its own of each kind but user, which are root's. */
  all: `unshare -muinpCTf --boottime 86400000 sh -c '
    hostname of-all && mount -t tmpfs inside /mnt/existing && touch /mnt/existing/theirs && cd /usr/lib && ${STAY}'`,
  /** Of each kind, with root as root. */
  mapped: `unshare -muinpCTUrf sh -c 'hostname of-mapped && ${STAY}'`,
  /** Of each kind, an ordinary user's. */
  own: `${AS_USER} unshare -muinpCTUrf sh -c '
    hostname of-own && mount -t tmpfs inside /mnt/existing && cd /usr/bin && ${STAY}'`,
  /** Of an ordinary user, elsewhere with its mounts alone. */
  partly: `${AS_USER} unshare -Urm sh -c '${STAY}'`,
  /** In a user namespace alone, with many IDs, that allows setgroups(2). */
  free: `unshare -U sh -c '${READY}; until read -r map < /proc/self/uid_map; do sleep 0.02; done; exec sleep 1000'`,
  /** In a pid namespace, with proc to show it. */
  proc: `unshare -mpf sh -c '${READY}; mount -t proc proc /proc && exec sleep 1000'`,
  /** An ordinary user's, with a working directory of its own. */
  mine: `${AS_USER} sh -c 'cd /mnt/neighbour && ${STAY}'`,
  /** With a root of its own. */
  rooted: `sh -c '${READY}; exec chroot /small-root sh -c "cd /usr && exec sleep 1000"'`,
  /** With a mount namespace, and a root of its own in it. */
  boxed: `unshare -m sh -c '${READY}; exec chroot /small-root sh -c "cd /usr && exec sleep 1000"'`,
  /** With an environment of its own. */
  env: `sh -c '${READY}; exec env -i A=1 TWO="x y=z" PATH=/usr/bin:/programs sleep 1000'`,
} as const;

export type Resident = keyof typeof RESIDENTS;

/** What a stand needs besides: a small root, a program to be found in PATH, and a file on which a namespace is mounted. */
const PREPARE = `
  mkdir -p /small-root/usr /residents /programs /kept
  mount --bind /usr /small-root/usr && ln -s usr/bin usr/lib usr/lib64 /small-root && chmod 1777 /residents
  printf '#!/bin/sh\\necho hello\\n' > /programs/greet && chmod 755 /programs/greet`;

/** Their parent, which ends them when the stand has ended, however that ends. */
const keeper = (starts: readonly string[]) => `(
  ${starts.join('\n  ')}
  tail -f --pid=$PPID /dev/null
  kill -KILL $(cat /residents/*)
  wait
) < /dev/null > /dev/null 2>&1 &`;

const MAP_FREE = `
  until [ -s /residents/free ]; do sleep 0.02; done
  echo 0 100000 65536 > /proc/$(cat /residents/free)/gid_map
  echo 0 100000 65536 > /proc/$(cat /residents/free)/uid_map`;

/** By then a resident is what it is to be: none of the programs that make it so. */
const awaited = (name: string) => `
  until [ -s /residents/${name} ]; do sleep 0.02; done
  while case $(cat /proc/$(cat /residents/${name})/comm) in sh|env|chroot) ;; *) false;; esac; do sleep 0.02; done`;

export interface Residents {
  /** The pid of each, as the stand knows it. */
  readonly pids: Readonly<Record<string, string>>;
  /** For {@link WHERE}: the ids of their namespaces that are not the stand's, each with the name of the resident. */
  readonly known: string;
}

/** Starts these residents, and others by the way in which the shell is to start them. */
export async function startResidents(stand: Stand, others: Readonly<Record<string, string>> = {}): Promise<Residents> {
  const all = { ...RESIDENTS, ...others };
  const starts = Object.entries(all).map(
    ([name, command]) => `NAME=${name} ${command} > /residents/.${name}.log 2>&1 &`,
  );
  const list = await stand.shell(
    [
      PREPARE,
      keeper(starts),
      MAP_FREE,
      ...Object.keys(all).map(awaited),
      'touch /kept/uts && mount --bind /proc/$(cat /residents/all)/ns/uts /kept/uts',
      'cd /residents && grep -H . *',
    ].join('\n'),
  );
  const pids = Object.fromEntries(
    list
      .trim()
      .split('\n')
      .map((line) => line.split(':') as [string, string]),
  );
  const ofStand = idsOf((await stand.shell('echo $PPID')).trim());
  const ids = Object.entries(pids).flatMap(([name, pid]) =>
    idsOf(pid).flatMap((id) => (ofStand.includes(id) ? [] : [`${id}=${name}`])),
  );
  return { pids, known: ids.join(' ') };
}

export async function endResidents(stand: Stand): Promise<void> {
  await stand.shell('kill -KILL $(cat /residents/*); rm /residents/*');
}

/** A word with the pid of a resident in the place of `@NAME`. */
export function withPids(word: string, { pids }: Residents): string {
  return word.replace(/@([a-z]+)/g, (_, name: string) => {
    if (pids[name] === undefined) throw new Error(`no resident is called ${name}`);
    return pids[name];
  });
}

/** The ids of the namespaces of a process. */
function idsOf(pid: string): string[] {
  return NAMESPACE_KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${namespaceFile(kind)}`));
}

/** Prints whose namespaces the command is in, as far as they are not the stand's. The links are read by the shell's children. */
export const WHERE = `for kind in cgroup ipc mnt net pid time user uts; do
  id=$(readlink /proc/self/ns/$kind); for known in $KNOWN; do
    case $known in "$id="*) echo "$kind of \${known#*=}";; esac; done; done`;

/** All kinds, as {@link WHERE} has them. */
export const ALL = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] as const;
export const ALL_BUT_USER = ALL.filter((kind) => kind !== 'user');

/** What {@link WHERE} prints in these of a resident. */
export const of = (name: string, ...kinds: readonly string[]) => kinds.map((kind) => `${kind} of ${name}\n`).join('');

/** Prints whether the shell itself is in a pid namespace of its own, and goes by its pid there. */
export const DEPTH = `while read -r field outer inner; do
  [ "$field" != NSpid: ] || if [ "$inner" = $$ ]; then echo inside; else echo outside; fi; done < /proc/self/status`;

/** Prints the user, the group, and all groups. */
export const IDS = 'id -u; id -g; id -G';

export const sh = (script: string, ...args: string[]) => ['sh', '-c', script, 'sh', ...args];

/** No process can have this pid. */
export const NOBODY = 2 ** 22 + 1;
