/** An image for containers, of two layers, and what can be seen of it from inside. */
import { spawnSync } from 'node:child_process';
import { MAKE_ROOTFS } from './rootfs.ts';

/** Whether a suite must be skipped for lack of umoci, and says so. */
export function needsUmoci(what: string): boolean {
  const lacks = spawnSync('umoci', ['--version']).error !== undefined;
  if (lacks) console.warn(`skipped, since umoci is not installed: ${what}`);
  return lacks;
}

/** A shell script that makes it, in the OCI layout `image`, which it makes where it is. */
export const MAKE_IMAGE = `
set -e
mkdir one two
set -- one
${MAKE_ROOTFS}
mkdir -p one/srv/old one/srv/kept one/opt two/etc two/srv/old
echo one > one/srv/a; echo one > one/srv/changed; ln one/srv/a one/srv/b; ln -s a one/srv/link; cp one/bin/busybox one/srv/setuid; chmod 4755 one/srv/setuid
for i in 1 2 3; do echo $i > one/srv/old/$i; echo $i > one/srv/kept/$i; done
echo gone > one/opt/gone; echo two > two/srv/changed
: > two/etc/.wh.group; : > two/srv/old/.wh..wh..opq; echo new > two/srv/old/new; mkdir two/opt; : > two/opt/.wh.gone
find one two -exec touch -h -d '2020-01-02 03:04:05' {} +
tar -c --owner=0 --group=0 -f one.tar -C one .
tar -c --owner=0 --group=0 -f two.tar -C two .
umoci init --layout image; umoci new --image image:1
umoci raw add-layer --image image:1 one.tar; umoci raw add-layer --image image:1 two.tar
rm -r one two one.tar two.tar
`;

/** A shell script for the container: all files of the image but those that it gets of its own, and that its root has 0755. */
export const LOOK = `
own='! -path / ! -path /dev ! -path /proc ! -path /sys ! -path /etc/hostname ! -path /etc/hosts ! -path /etc/resolv.conf'
find / -xdev $own -type d -exec stat -c '%n %a %u:%g %Y' {} + | sort
find / -xdev $own ! -type d -exec stat -c '%n %F %a %u:%g %s %Y %h' {} + | sort
find / -xdev $own -type f -exec busybox md5sum {} + | sort
stat -c %a /
`;

/** Of what {@link LOOK} prints, so that nothing agrees for want of files. */
export const SEEN = /^\/srv\/setuid regular file 4755 0:0 \d+ 1577934245 1$/m;
export const NOT_SEEN = /\/etc\/group|\/srv\/old\/1|\/opt\/gone|\.wh\./;

/** The one line that says so. */
export const NO_OVERLAY = (errno: string) =>
  `ns-tool: no overlay here (${errno}): the container gets a copy of the image, which takes longer, and more of the disk\n`;
