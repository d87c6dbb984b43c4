/** A root for containers, made of this machine's own busybox. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const APPLETS =
  'cat chroot chmod cp dd echo env false find grep head hostname id ip kill ln ls mkdir mknod mount nc ps pwd readlink rm sed seq sh sleep sort stat stty touch true tty umount unshare wc';

/** A shell script that makes it, in the directory `$1`. */
export const MAKE_ROOTFS = `
set -e
mkdir -p $1/bin $1/etc $1/tmp $1/root $1/proc $1/sys $1/dev $1/home/ada
cp /bin/busybox $1/bin/
for applet in ${APPLETS}; do ln -s busybox $1/bin/$applet; done
printf '%s\\n' root:x:0:0::/root:/bin/sh ada:x:1000:1001::/home/ada:/bin/sh > $1/etc/passwd
printf '%s\\n' root:x:0: ada:x:1001: video:x:44:root,ada games:x:20:ada > $1/etc/group
touch $1/etc/hostname $1/etc/hosts $1/etc/resolv.conf
chmod 1777 $1/tmp
`;

export function makeRootfs(directory: string): string {
  execFileSync('sh', ['-c', MAKE_ROOTFS, 'sh', directory]);
  return directory;
}

/**
 * A shell script that prepares a stand, in which there are no containers: the root /mnt/rootfs, and /mnt/user-rootfs of a user;
 * for both of them a store, and for the user a place for states.
 *
 * @param more a script that does more to the root, before the user has it.
 */
export function prepareStand(user: number, more = ''): string {
  return `mount -t tmpfs run /run; set -- /mnt/rootfs; ${MAKE_ROOTFS}\n${more}
    cp -a /mnt/rootfs /mnt/user-rootfs; chown -hR ${user}:${user} /mnt/user-rootfs
    install -d /mnt/store; install -d -o ${user} /mnt/store/user; mkdir -m 777 /mnt/states`;
}

/**
 * Likewise, for those who type at a terminal.
 *
 * @param inside scripts for the /bin of the roots, by their names.
 * @param outside scripts for /mnt.
 */
export function prepareForTerminals(
  user: number,
  inside: Readonly<Record<string, string>>,
  outside: Readonly<Record<string, string>>,
): string {
  const file = (path: string, text: string) => `cat > ${path} <<'END'\n${text}\nEND\n`;
  const files = [
    ...Object.entries(inside).map(([name, text]) => file(`/mnt/rootfs/bin/${name}`, `#!/bin/sh\n${text}`)),
    ...Object.entries(outside).map(([name, text]) => file(`/mnt/${name}`, text)),
  ];
  return prepareStand(user, `${files.join('')}chmod +x /mnt/rootfs/bin/*`);
}

/** Whether a suite must be skipped for lack of a busybox, and says so. */
export function needsBusybox(what: string): boolean {
  const has = existsSync('/bin/busybox');
  if (!has) console.warn(`skipped, since busybox-static is not installed: ${what}`);
  return !has;
}
