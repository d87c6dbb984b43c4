/** `ns-tool run --memory --cpus --pids-limit`, and what exec, rm and cleanup do with the cgroups of a container. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MAKE_ROOTFS, needsBusybox } from '../run/rootfs.ts';
import { cgroupsNamed, needsCgroups } from '../support/cgroups.ts';
import { Stand } from '../support/stand.ts';
import { TOOL } from '../support/terminal.ts';

const what = 'limits of ns-tool run';
const USER = 54321;
const ALL = ['--memory=64m', '--cpus', '1.5', '--pids-limit=100'];

describe.skipIf([needsCgroups(what), needsBusybox(what)].some(Boolean))(what, () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(
      `mount -t tmpfs run /run; set -- /mnt/rootfs; ${MAKE_ROOTFS}
      mkdir -m 777 /mnt/store /mnt/states; cp -a /mnt/rootfs /mnt/user-rootfs; chown -hR ${USER} /mnt/user-rootfs`,
    );
    return () => stand.dispose();
  });

  const env = { NS_TOOL_STORE: '/mnt/store' };
  const run = (...args: string[]) => stand.run({ program: 'ns-tool', args: ['run', ...args], env });
  /** Runs a script in which `tool` is ns-tool, `box NAME` starts a container of that name, and waits for it. */
  const script = (text: string) =>
    stand.shell(`export NS_TOOL_STORE=/mnt/store
      tool() { ${TOOL} "$@"; }
      box() {
        name=$1; shift
        ${TOOL} run --name $name "$@" /mnt/rootfs sleep 1000 < /dev/null > /dev/null 2>&1 &
        until tool exec $name true 2> /dev/null; do sleep 0.05; done
      }
      id() { tool ps | sed -n "s/^\\\\([0-9a-f]*\\\\)  $1 .*/\\\\1/p"; }
      left() { find $(sed -n 's/^[^ ]* \\\\([^ ]*\\\\) cgroup2\\\\? .*/\\\\1/p' /proc/mounts) -name ns-tool-$1 2> /dev/null; }
      ${text}`);

  it('return 137 for a command that has run out of memory, and say so', async () => {
    const take = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=64M', 'count=1'];
    expect(await run('-m', '32m', '/mnt/rootfs', ...take)).toMatchObject({
      status: 137,
      stdout: '',
      stderr: 'ns-tool: out of memory: at the limit of --memory, processes of the container were killed: 1\n',
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
    expect(stdout).toMatch(/^clone\((?!.*CGROUP).*\)\nopenat\(.*ns-tool-.*\/cgroup\.procs"/m);
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
      /^ns-tool: mkdirat\(.*\/ns-tool-\w+", 0755\): Permission denied \(EACCES\)\n.*(sudo|systemd-run)/,
    );
    expect(await stand.shell('ls /mnt/states/ns-tool /mnt/store/user/containers')).not.toMatch(/[0-9a-f]{12}/);
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
      /^ns-tool: mkdirat\(.*Read-only file system \(EROFS\)\n.*read-only.*\n125\n$/,
    );
  });

  it('hold for what exec starts, too', async () => {
    const printed = await script(`box web --pids-limit 4 --memory 64m
      tool exec web cat /proc/self/cgroup
      tool exec web sh -c 'for i in 1 2 3 4 5; do sleep 1000 & done' 2>&1
      tool stop --time 0 web > /dev/null; wait`);
    const table = printed.split('\n');
    expect(table.filter((line) => /:(pids|memory):|^0::/.test(line)).every((line) => line.endsWith(':/'))).toBe(true);
    expect(printed).toContain("can't fork: Resource temporarily unavailable");
  });

  it('leave cgroups where ns-tool is killed, which cleanup finds and removes, and no others', async () => {
    const printed = await script(`
      box stays ${ALL.join(' ')}; stays=$(id stays)
      box dies ${ALL.join(' ')}; dies=$(id dies)
      kill -KILL $!; wait $! 2> /dev/null
      echo "left: $(left $dies | wc -l)"
      tool cleanup --dry-run | sed "s/$dies/ID/g"
      echo "left: $(left $dies | wc -l)"
      tool cleanup > /dev/null
      echo "left: $(left $dies)"
      tool exec stays true && echo "stays: $(left $stays | wc -l)"
      tool cleanup
      tool stop --time 0 stays > /dev/null; wait
      echo "left: $(left $stays)"`);
    const [, count] = /^left: (\d)$/m.exec(printed) ?? [];
    expect(Number(count)).toBeGreaterThan(0);
    const shown = printed.replace(/^Would remove the (cgroup|state|files) of ID: .*\/(ns-tool-)?ID$/gm, '$1');
    expect(shown.split('\n')).toEqual([
      `left: ${count}`,
      ...Array.from({ length: Number(count) }, () => 'cgroup'),
      'state',
      'files',
      `left: ${count}`,
      'left: ',
      `stays: ${count}`,
      'Nothing is left over.',
      'left: ',
      '',
    ]);
  });

  it('leave none that rm is told of', async () => {
    const printed = await script(`
      box dies ${ALL.join(' ')}; dies=$(id dies)
      kill -KILL $!; wait $! 2> /dev/null
      [ -n "$(left $dies)" ] && tool rm dies
      echo "left: $(left $dies)"; tool cleanup`);
    expect(printed).toBe('dies\nleft: \nNothing is left over.\n');
  });
});
