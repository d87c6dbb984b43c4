/** `ns-tool run --memory --cpus --pids-limit`, and what exec, rm and cleanup do with the cgroups of a container. */
import { existsSync, readFileSync } from 'node:fs';
import { sys } from '@ns-tool/syscalls';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { planCgroups } from '../../packages/ns-tool/src/container/cgroup/plan.ts';
import { needsBusybox, prepareStand } from '../run/rootfs.ts';
import { cgroupOf, cgroupsIn, cgroupsNamed, needsCgroups } from '../support/cgroups.ts';
import { Stand } from '../support/stand.ts';
import { TOOL } from '../support/terminal.ts';

const what = 'limits of ns-tool run';
const USER = 54321;
/** Of the kernel here: see tests/support/vm.sh for the other. */
const isOfV2 = !cgroupsIn(readFileSync('/proc/self/cgroup', 'utf8')).has('pids');
const ALL = ['--memory=64m', '--cpus', '1.5', '--pids-limit=100'];

describe.skipIf([needsCgroups(what), needsBusybox(what)].some(Boolean))(what, () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(`${prepareStand(USER)}; mkdir -m 777 /mnt/up`);
    return () => stand.dispose();
  });

  const env = { NS_TOOL_STORE: '/mnt/store' };
  const run = (...args: string[]) => stand.run({ program: 'ns-tool', args: ['run', ...args], env });
  /** Runs a script in which `tool` is ns-tool. Not a long one: where it takes too long, the stand ends it. */
  const script = (text: string) =>
    stand.shell(`export NS_TOOL_STORE=/mnt/store
      tool() { ${TOOL} "$@"; }
      ${text}`);
  /** Starts a container that runs until the test is over, and returns its ID once it runs. */
  const box = async (name: string, ...options: string[]) => {
    onTestFinished(async () => void (await script(`tool rm -f ${name} 2> /dev/null || true`)));
    const words = [...options, '-v', '/mnt/up:/up', '/mnt/rootfs', 'sh', '-c', `": > /up/${name}; exec sleep 1000"`];
    await script(`rm -f /mnt/up/${name}
      ${TOOL} run --name ${name} ${words.join(' ')} < /dev/null > /dev/null 2>&1 & echo $! > /mnt/${name}.pid
      until [ -e /mnt/up/${name} ]; do sleep 0.05; done`);
    const boxes = JSON.parse(await script('tool ps --json')) as { name: string; id: string }[];
    return boxes.find((box) => box.name === name)?.id ?? '';
  };
  /** The same, and its ns-tool is killed. Returns what is then left of cgroups. */
  const killed = async (name: string) => {
    const id = await box(name, ...ALL);
    await script(`pid=$(cat /mnt/${name}.pid); kill -KILL $pid; while [ -e /proc/$pid/exe ]; do sleep 0.05; done`);
    return { id, left: cgroupsNamed(`ns-tool-${id}`) };
  };

  it('return 137 for a command that has run out of memory, and say so', async () => {
    const take = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'];
    expect(await run('-m', '32m', '/mnt/rootfs', ...take)).toMatchObject({
      status: 137,
      stdout: '',
      stderr:
        'ns-tool: out of memory, at the limit of --memory or one above it: processes of the container killed: 1\n',
      mountEvent: false,
      fileEvents: [],
    });
    expect(await run('-m128m', '/mnt/rootfs', ...take)).toMatchObject({ status: 0 });
  });

  it('are shown by --dry-run, with what this process does, and nothing is made', async () => {
    const { stdout, status, before, after } = await run('--dry-run', ...ALL, '/mnt/rootfs');
    expect(status).toBe(0);
    const name = /ns-tool-[0-9a-f]{12}/.exec(stdout)?.[0] ?? '';
    expect(stdout).toMatch(/^# the parent makes the cgroup \/.*ns-tool-[0-9a-f]{12}$/m);
    expect(stdout).toMatch(/^# the parent writes to \/.*pids\.max: 100$/m);
    expect(stdout).toMatch(/^clone\((?!.*CGROUP).*\)\n(?:#.*\n)*openat\(.*ns-tool-.*\/cgroup\.procs"/m);
    expect(cgroupsNamed(name)).toEqual([]);
    expect(after).toEqual(before);
  });

  it.each<[readonly string[], string]>([
    [['-m', '64x'], 'error: --memory: not a size: 64x\nGive bytes'],
    [['--cpus', '0'.repeat(3).concat('x')], 'error: --cpus: not a number of processors: 000x\nGive 0.01 or more'],
    [['--pids-limit', 'many'], 'error: --pids-limit: not a number of processes: many\nGive a number, or -1'],
  ])('are refused: %j', async (args, message) => {
    const { status, stdout, stderr } = await run(...args, '/mnt/rootfs', 'true');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('are none where docker has none', async () => {
    const { stdout } = await run('--dry-run', '-m', '0', '--cpus=0', '--pids-limit', '-1', '/mnt/rootfs');
    expect(stdout).not.toContain('cgroup.procs');
  });

  it('are for who owns the cgroup: an ordinary user is told', async () => {
    const { status, stdout, stderr } = await stand.run({
      program: 'ns-tool',
      args: ['run', '--pids-limit', '50', '/mnt/user-rootfs', 'true'],
      uid: USER,
      env: { NS_TOOL_STORE: '/mnt/store/user', XDG_RUNTIME_DIR: '/mnt/states' },
    });
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' });
    expect(stderr).toMatch(
      /^ns-tool: (mkdirat\(.*\/ns-tool-\w+"|openat\(.*\/cgroup\.subtree_control"), .*\): Permission denied \(EACCES\)\n.*(sudo|systemd-run)/,
    );
    expect(await stand.shell('ls /mnt/states/ns-tool /mnt/store/user/containers')).not.toMatch(/[0-9a-f]{12}/);
  });

  it.skipIf(!isOfV2)('are for an ordinary user in a cgroup of v2 that has been given to them', async () => {
    const [parent = ''] = planCgroups(sys, { pids: 1 }, 'none').map(({ parent }) => parent);
    const given = `${parent}/ns-tool-test-${process.pid}`;
    onTestFinished(async () => void (await script(`rmdir ${given}/shell ${given}`)));
    // As systemd delegates it: with the right to move processes within.
    await script(`echo +pids > ${parent}/cgroup.subtree_control; mkdir -p ${given}/shell; echo +pids > ${given}/cgroup.subtree_control
      chown ${USER} ${given} ${given}/cgroup.procs ${given}/cgroup.subtree_control ${given}/shell ${given}/shell/cgroup.procs`);
    const user = (...words: string[]) =>
      script(`sh -c 'echo 0 > ${given}/shell/cgroup.procs; exec "$@"' sh \\
        setpriv --reuid ${USER} --regid ${USER} --clear-groups env XDG_RUNTIME_DIR=/mnt/states NS_TOOL_STORE=/mnt/store/user \\
        ${TOOL} run --pids-limit 5 /mnt/user-rootfs ${words.join(' ')} 2>&1; echo $?; ls -d ${given}/*/`);
    expect(await user('cat', '/proc/self/cgroup')).toBe(`0::/\n0\n${given}/shell/\n`);
    // They may make a cgroup, and not move there.
    await script(`chown 0 ${given}/cgroup.procs`);
    expect(await user('true')).toMatch(
      /^ns-tool: write\(.*, "0", 1\): Permission denied \(EACCES\)\n.*systemd-run.*\n125\n[^ ]*\/shell\/\n$/,
    );
  });

  it('need a cgroup filesystem that is mounted, and may be written to', async () => {
    const inside = (change: string) =>
      script(`unshare -m sh 2>&1 <<'END'
        mount --make-rprivate /
        for at in $(sed -n 's/^[^ ]* \\([^ ]*\\) cgroup2\\? .*/\\1/p' /proc/mounts); do ${change}; done
        ${TOOL} run --pids-limit 50 /mnt/rootfs true; echo $?
END`);
    expect(await inside('umount $at')).toMatch(
      /^ns-tool: no cgroups to be seen here.*: pids\n.*mount -t cgroup.*\n125\n$/,
    );
    expect(await inside('mount -o remount,bind,ro $at')).toMatch(
      /^ns-tool: (mkdirat|openat)\(.*Read-only file system \(EROFS\)\n.*read-only.*\n125\n$/,
    );
  });

  it('leave no room for exec where the container takes all', async () => {
    await box('full', '--pids-limit=1');
    expect(await script('tool exec full true 2>&1; echo $?')).toMatch(
      /^ns-tool: clone\(.*\): .*\(EAGAIN\)\nThe container has as many processes as it may have: --pids-limit\n125\n$/,
    );
  });

  it('hold for what exec starts, too', async () => {
    await box('web', '--pids-limit=4', '--memory=64m');
    const table = cgroupsIn(await script('tool exec web cat /proc/self/cgroup'));
    expect(['pids', 'memory'].map((controller) => cgroupOf(table, controller))).toEqual(['/', '/']);
    expect(
      await script(`tool exec web sh -c 'for i in 1 2 3 4 5; do sleep 1000 > /dev/null 2>&1 & done' 2>&1 || true`),
    ).toContain("can't fork: Resource temporarily unavailable");
  });

  it('leave cgroups where ns-tool is killed, which cleanup finds and removes, and no others', async () => {
    const stays = await box('stays', ...ALL);
    const { id, left } = await killed('dies');
    expect(left.length).toBeGreaterThan(0);
    const lines = (verb: string) => left.map((path) => `${verb} the cgroup of ${id}: ${path}`).sort();
    const ofCgroups = (printed: string) =>
      printed
        .split('\n')
        .filter((line) => line.includes('cgroup'))
        .sort();
    expect(ofCgroups(await script('tool cleanup --dry-run'))).toEqual(lines('Would remove'));
    expect(left.filter(existsSync)).toEqual(left);
    expect(ofCgroups(await script('tool cleanup'))).toEqual(lines('Removed'));
    expect(left.filter(existsSync)).toEqual([]);
    expect(await script('tool cleanup')).toBe('Nothing is left over.\n');
    expect(cgroupsNamed(`ns-tool-${stays}`)).toHaveLength(left.length);
    await script('tool stop --time 0 stays');
    await expect.poll(() => cgroupsNamed(`ns-tool-${stays}`), { timeout: 30_000 }).toEqual([]);
  });

  it('leave none that rm is told of', async () => {
    const { left } = await killed('dies');
    expect(left.filter(existsSync)).not.toEqual([]);
    await script('tool rm dies');
    expect(left.filter(existsSync)).toEqual([]);
    expect(await script('tool cleanup')).toBe('Nothing is left over.\n');
  });
});
