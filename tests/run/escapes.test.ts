/** What root of a container tries, to reach the host or to change it; as root of the machine and as an ordinary user. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { CAPABILITIES } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, needsCompiler } from '../support/compiler.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';
import { MAKE_ROOTFS, needsBusybox } from './rootfs.ts';

const USER = 54321;
const MARK = 'file of the host';

const skipped = [needsRoot('escapes'), needsBusybox('escapes'), needsCompiler('escapes that take a program')].some(
  Boolean,
);

/** A script for the shell inside, and what it prints. */
const ATTEMPTS: readonly [what: string, script: string, prints: string | RegExp, options?: readonly string[]][] = [
  ['leave a chroot', '/escape chroot /mnt/mark', 'open: No such file or directory\n'],
  ['trace a process outside', '/escape ptrace $OUTSIDE', 'ptrace: No such process\n'],
  ['signal a process outside', 'kill -0 $OUTSIDE 2>&1', /No such process/],
  ['use a descriptor that was left open', '/escape descriptors', '0 more\n'],
  ['reach the old root through /proc/1/root', 'cat /proc/1/root/mnt/mark 2>&1', /No such file or directory/],
  ['reach it through /proc/1/cwd', 'cat /proc/1/cwd/../../mnt/mark 2>&1', /No such file or directory/],
  // Read-only; or not there, where the kernel has no such keys.
  ['ask the kernel to act', '(echo h > /proc/sysrq-trigger) 2>&1', /Read-only file system|nonexistent/],
  ['read the memory of the kernel', 'cat /proc/kcore 2>/dev/null | head -c 10 | wc -c', '0\n'],
  ['read the keys of others', 'cat /proc/keys | wc -c', '0\n'],
  ['read the firmware', 'ls -A /sys/firmware', ''],
  ['make a node of a disk', 'mknod /dev/disk b 254 0 2>&1', /Operation not permitted/],
  ['make a node of memory', 'mknod /tmp/mem c 1 1 2>&1', /Operation not permitted/],
  ['mount a filesystem', 'mount -t tmpfs x /tmp 2>&1', /(Operation not permitted|permission denied)/],
  ['remount /proc/sys', 'mount -o remount,rw,bind /proc/sys 2>&1', /(Operation not permitted|permission denied)/],
  ['uncover what is masked', 'umount /proc/keys 2>&1', /Operation not permitted/],
  ['uncover it in a user namespace', 'unshare -Urm umount /proc/keys 2>&1', /Invalid argument/],
  [
    'mount a proc that has it',
    'unshare -Urpmf mount -t proc proc /proc 2>&1',
    /(Operation not permitted|permission denied)/,
  ],
  ['set what runs at a crash', '(echo x > /proc/sys/kernel/core_pattern) 2>&1', /Read-only file system/],
  ['change the host name of the host', 'hostname mine 2>&1', /Operation not permitted/],
  ['change a setting in /sys', '(echo 1 > /sys/kernel/profiling) 2>&1', /Read-only file system/],
  ['use a device node of the image', 'head -c 1 /device 2>&1', /Permission denied/],
  [
    'have more capabilities than those of the default, nor get some',
    'cat /proc/self/status | grep -E "CapEff|CapBnd|CapInh|CapAmb|NoNew"',
    /^CapInh:\s0+\nCapEff:\s0+a00425fb\nCapBnd:\s0+a00425fb\nCapAmb:\s0+\nNoNewPrivs:\s1\n$/,
  ],
  ['see processes outside', 'ls /proc | grep -c "^[0-9]"', /^[1-5]\n$/],
  ['see interfaces outside', 'sed 1,2d /proc/net/dev | wc -l', '1\n'],
];

/** Volumes whose targets are links in the image. */
const VOLUMES: readonly [what: string, target: string, script: string, prints: string][] = [
  ['cover /proc', '/to-proc', 'readlink /proc/self/ns/pid | wc -l', '1\n'],
  ['put it on a directory of the host', '/to-etc', 'ls /etc/inside', '/etc/inside\n'],
  ['make a directory on the host', '/to-mnt/evil', 'ls /mnt/evil/inside', '/mnt/evil/inside\n'],
];

/** ns-tool by a copy of Node: what an attack may reach must not be the machine's own. Not below /mnt, which is watched. */
const NODE_COPY = '/run/node';
const BY_COPY = ['sh', '-c', `shift; exec ${NODE_COPY} "$@"`, 'sh'];

/** Runs a container, executes a program in it, and says its status. */
const EXEC = `tool=$1; shift
$tool run --name box "$1" sleep 100 < /dev/null > /dev/null &
until $tool exec box true 2> /dev/null; do sleep 0.05; done
$tool exec box /entry; echo status $?
$tool stop --time 0 box > /dev/null; wait`;

/** Runs a container with a program of its image, does something beside it once that says that it is ready, and ends it. */
const beside = (rootfs: string, command: string, script: string) => [
  ...['sh', '-c'],
  `timeout -s KILL 20 "$@" run --name box ${rootfs} ${command} < /dev/null |
   { read ready; ${script}; "$@" stop --time 0 box; }`,
  'sh',
];

/** The loader of dynamic programs that this Node names. */
function loaderOfNode(): string {
  const headers = execFileSync('readelf', ['-lW', process.execPath]).toString();
  return /interpreter: (.*)\]/.exec(headers)?.[1] ?? '';
}

describe.skipIf(skipped)('root of a container', () => {
  let stand: Stand;
  const scratch = scratchDirectory();
  beforeAll(async () => {
    compile(new URL('escape.c', import.meta.url), join(scratch, 'escape'), ['-static']);
    const flags = ['-O1', '-nostdlib', '-static-pie', '-fno-stack-protector'];
    compile(new URL('loader.c', import.meta.url), join(scratch, 'loader'), flags);
    stand = await Stand.make();
    const loader = `/mnt/rootfs${loaderOfNode()}`;
    await stand.shell(`
mount -t tmpfs run /run
set -- /mnt/rootfs
${MAKE_ROOTFS}
cp ${join(scratch, 'escape')} /mnt/rootfs/
mkdir -p $(dirname ${loader})
cp ${join(scratch, 'loader')} ${loader}
printf '#!/proc/self/exe\\n' > /mnt/rootfs/entry
chmod +x /mnt/rootfs/entry
cp /node/node ${NODE_COPY}
cat > /mnt/exec <<'END'
${EXEC}
END
mknod /mnt/rootfs/device c 1 5
chmod 666 /mnt/rootfs/device
ln -s /proc /mnt/rootfs/to-proc
ln -s ../../../../etc /mnt/rootfs/to-etc
ln -s ../mnt /mnt/rootfs/to-mnt
mkdir /mnt/rootfs/mnt
mkdir /mnt/volume /mnt/store /mnt/states /mnt/user-store
touch /mnt/volume/inside
echo '${MARK}' > /mnt/mark
cp -a /mnt/rootfs /mnt/user-rootfs
chown -hR ${USER}:${USER} /mnt/user-rootfs /mnt/user-store /mnt/states
`);
  });
  afterAll(async () => {
    await stand?.dispose();
  });

  const AS_ROOT = { env: { NS_TOOL_STORE: '/mnt/store' }, rootfs: '/mnt/rootfs' };
  const AS_USER = {
    env: { NS_TOOL_STORE: '/mnt/user-store', XDG_RUNTIME_DIR: '/mnt/states' },
    uid: USER,
    rootfs: '/mnt/user-rootfs',
  };
  const attempt = async (
    { rootfs, ...start }: typeof AS_ROOT & { uid?: number },
    script: string,
    options: readonly string[] = [],
    through: readonly string[] = [],
  ) => {
    const args = ['run', ...options, '-e', `OUTSIDE=${process.pid}`, rootfs, 'sh', '-c', script];
    return await stand.run({ program: 'ns-tool', args, through, ...start });
  };

  it('is not there where its user can have no keyring for it', async () => {
    const through = [`${AS_USER.rootfs}/escape`, 'with-all-keys'];
    const { status, stderr } = await attempt(AS_USER, 'true', [], through);
    expect(status).toBe(125);
    expect(stderr).toMatch(
      /^ns-tool: keyctl\(KEYCTL_JOIN_SESSION_KEYRING, NULL\): .*\(EDQUOT\)\n.*kernel\.keys\.maxkeys=2000\n$/,
    );
  });

  for (const [who, start] of [
    ['of root', AS_ROOT],
    ['of an ordinary user', AS_USER],
  ] as const) {
    describe(who, () => {
      describe('cannot', () => {
        // All in one container, each in a shell of its own.
        let printed: string[] = [];
        beforeAll(async () => {
          const script = ATTEMPTS.map(([, script]) => `(${script}); printf '\\0'`).join('\n');
          const { stdout, mountEvent, fileEvents } = await attempt(start, script);
          printed = stdout.split('\0');
          expect({ mountEvent, fileEvents }).toEqual({ mountEvent: false, fileEvents: [] });
        });
        for (const [i, [what, , prints]] of ATTEMPTS.entries()) {
          it(what, () =>
            expect(printed[i]).toEqual(typeof prints === 'string' ? prints : expect.stringMatching(prints)),
          );
        }
      });

      it.each(VOLUMES)('cannot %s by a link in the image', async (_, target, script, prints) => {
        const { stdout, mountEvent, fileEvents } = await attempt(start, script, ['-v', `/mnt/volume:${target}`]);
        expect({ stdout, mountEvent, fileEvents }).toEqual({ stdout: prints, mountEvent: false, fileEvents: [] });
      });

      // kill(2) and setpriority(2) know a process group by those that are in it, in whatever pid namespace.
      it('cannot signal the processes with which ns-tool was started', async () => {
        const through = ['setsid', '--wait', 'sh', '-c', '"$@"; echo "status $?"', 'sh'];
        expect((await attempt(start, 'kill -9 0', [], through)).stdout).toBe('status 0\n');
      });

      // Through /proc/self/fd an open file can be opened anew, for whatever its owner may do with it.
      it('cannot write to a file that is its input, nor take away from one to which its output is added', async () => {
        const file = `/mnt/states/given-to-${start.rootfs.slice(5)}`;
        const through = ['sh', '-c', `echo kept > ${file}; "$@" < ${file} >> ${file}; cat ${file}`, 'sh'];
        const script = 'for fd in 0 1; do : > /proc/self/fd/$fd; chmod 4755 /proc/self/fd/$fd; done; echo added';
        const { stdout } = await attempt(start, script, [], [...through]);
        expect(stdout).toBe('kept\nadded\n');
        expect(await stand.shell(`stat -c %a ${file}`)).toBe('644\n');
      });

      it('cannot read the keys of the session in which ns-tool was started', async () => {
        const through = [`${start.rootfs}/escape`, 'with-keys'];
        const { stdout } = await attempt(start, '/escape keys', [], through);
        expect(stdout).toBe('keyctl: Required key not available\n');
      });

      it('has the host within reach after chroot(2), which is why it is not used', async () => {
        expect((await attempt(start, '/escape chroot /mnt/mark', ['--chroot'])).stdout).toBe(`${MARK}\n`);
      });

      // CVE-2019-5736: a process that is about to become the command would still execute the program of the host.
      it('cannot have a program of the host executed inside, by a script that names it', async () => {
        const { rootfs, ...rest } = start;
        const args = ['run', rootfs, '/entry'];
        const { status, stdout } = await stand.run({ program: 'ns-tool', args, through: BY_COPY, ...rest });
        expect({ status, stdout }).toEqual({ status: 127, stdout: '' });
      });

      it('nor by exec', async () => {
        const { rootfs, ...rest } = start;
        const tool = `${NODE_COPY} /checkout/packages/ns-tool/dist/bin/ns-tool.cjs`;
        const through = ['sh', '/mnt/exec', tool, rootfs];
        const { stdout } = await stand.run({ program: 'ns-tool', args: [], through, ...rest });
        expect(stdout).toBe('status 127\n');
      });

      /** What is printed beside a container of the image `rootfs`, and the end of that. */
      const printedBeside = async (command: string, script: string, { rootfs, ...rest } = start) => {
        const through = beside(rootfs, command, script);
        return (await stand.run({ program: 'ns-tool', args: [], through, ...rest })).stdout;
      };

      // In a user namespace of its own it has all capabilities. The command that joins it a moment before must not have them.
      it('cannot get capabilities for what exec starts, by a user namespace that it makes meanwhile', async () => {
        const rootfs = `${start.rootfs}-accounts`;
        // So many that to read them takes a while.
        await stand.shell(`cp -a ${start.rootfs} ${rootfs}; seq -f 'u%06.0f:x:5:5::/:' 40000 >> ${rootfs}/etc/passwd`);
        const script = `"$@" exec --dry-run --user 0 box true | grep -c 'PR_CAPBSET_DROP, ${CAPABILITIES.indexOf('CAP_SYS_ADMIN')},'`;
        expect(await printedBeside('/escape unshare-at /etc/passwd', script, { ...start, rootfs })).toBe(
          '1\nbox: killed\n',
        );
      });

      it('cannot pass for dead by ending its first thread', async () => {
        const script = '"$@" ps --json | grep -E "running|starting"; "$@" cleanup';
        expect(await printedBeside('/escape leave-a-thread', script)).toBe(
          '    "running": true\nNothing is left over.\nbox: killed\n',
        );
      });

      it('cannot have exec read an environment without end', async () => {
        const script = '"$@" exec box true 2>&1 | head -n 1';
        expect(await printedBeside('/escape environment 600', script)).toBe(
          'ns-tool: the environment of its first process is larger than 6291456 bytes\nbox: killed\n',
        );
      });

      it('cannot keep exec from ending, by stopping all that comes into its namespaces', async () => {
        // It is asked to end after a second; or it was too quick to be stopped.
        const once = 'timeout --preserve-status --kill-after 2 1 "$@" exec box true || [ $? = 143 ] || echo hung';
        expect(await printedBeside('/escape stop-all', `${once}; ${once}`)).toBe('box: killed\n');
      });

      // All services of the host share /run.
      it('cannot fill the place where the states of all containers are, by its own files in /etc', async () => {
        const [states, owner] = start === AS_ROOT ? ['/run/ns-tool', 0] : ['/mnt/states/ns-tool', USER];
        await stand.shell(`mkdir -p ${states}; mount -t tmpfs -o size=64k,mode=700,uid=${owner} small ${states}`);
        const { stdout } = await attempt(
          start,
          'seq 50000 > /etc/hosts && echo room; seq 300000 > /etc/hosts || echo full',
        );
        await stand.shell(`umount ${states}`);
        expect(stdout).toBe('room\nfull\n');
      });

      it('cannot put a link in the place of /proc', async () => {
        const hostile = `${start.rootfs}-hostile`;
        await stand.shell(`cp -a ${start.rootfs} ${hostile}; rmdir ${hostile}/proc; ln -s /tmp ${hostile}/proc`);
        const { status, stderr } = await attempt({ ...start, rootfs: hostile }, 'true');
        expect(status).toBe(125);
        expect(stderr).toContain('In the image /proc is no directory');
      });
    });
  }
});
