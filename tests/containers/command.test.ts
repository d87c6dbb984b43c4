/** ps, exec, stop, rm and cleanup, as an ordinary user and as root, on a machine of the test's own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Learner } from '../lessons/learner.ts';
import { MAKE_ROOTFS, needsBusybox } from '../run/rootfs.ts';

const isRoot = process.geteuid?.() === 0;

describe.skipIf(!isRoot || needsBusybox('commands for containers')).each([
  ['an ordinary user', ''],
  ['root', 'sudo NS_TOOL_STORE=/tmp/store-of-root '],
])('%s', (_, sudo) => {
  let user: Learner;
  beforeAll(async () => {
    user = await Learner.make();
    await user.write('~/make-rootfs', MAKE_ROOTFS, { append: false });
    await user.type('mkdir ~/rootfs && sh ~/make-rootfs ~/rootfs');
    // The disk of this machine is an overlay already, over which the kernel makes no other.
    await user.type('export NS_TOOL_STORE=/tmp/store');
    await user.write('~/loop', 'trap "exit 3" TERM\nwhile :; do sleep 0.1; done\n', { append: false });
    await user.type('chmod +x ~/loop; cp ~/loop ~/rootfs/bin/loop');
  });
  afterAll(() => user?.[Symbol.asyncDispose]());

  const states = sudo === '' ? '/tmp/ns-tool-$(id -u)' : '/run/ns-tool';
  const tool = (args: string) => user.type(`${sudo}ns-tool ${args}`);
  const status = async (args: string) => (await tool(`${args} > /dev/null 2>&1; echo $?`)).trim();
  /** Starts a container in the background, and returns once it runs. */
  const start = async (name: string, command: string, options = '') => {
    const there = `${sudo}ns-tool exec ${name} true 2> /dev/null`;
    await user.type(
      `${sudo}ns-tool run --name ${name} ${options} ~/rootfs ${command} > ~/${name}.out 2>&1 & echo $! > ~/${name}.pid; i=0; until ${there} || [ $((i += 1)) -gt 100 ]; do sleep 0.05; done`,
    );
  };
  const ended = async (name: string) => (await user.type(`wait $(cat ~/${name}.pid); echo $?`)).trim();
  const files = () => user.type(`${sudo}sh -c 'ls $NS_TOOL_STORE/containers 2> /dev/null'`);

  it('sees no container at first', async () => {
    expect(await tool('ps')).toMatch(/^ID +NAME +PID +STATUS +IMAGE +COMMAND\n$/);
    expect(await tool('ps --json')).toBe('[]\n');
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
  });

  it('sees one that runs, by its name, and by its ID alone', async () => {
    await start('web', 'sleep 600');
    const [line = ''] = (await tool('ps')).split('\n').slice(1);
    expect(line).toMatch(/^[0-9a-f]{12} {2}web {3}\d+ +running for \d+ seconds? +\S*rootfs +sleep 600$/);
    expect((await tool('ps -q')).trim()).toBe(line.slice(0, 12));
    const [{ id, running, command }] = JSON.parse(await tool('ps --json'));
    expect({ id, running, command }).toEqual({ id: line.slice(0, 12), running: true, command: ['sleep', '600'] });
  });

  it('runs a command where the first process is', async () => {
    expect(await tool(`exec web -- ps -o pid,comm | grep -c sleep`)).toBe('1\n');
    const namespaces = (pid: string) =>
      tool(`exec web sh -c 'for kind in user mnt pid net uts ipc cgroup; do readlink /proc/${pid}/ns/$kind; done'`);
    expect(await namespaces('self')).toMatch(/^(\w+:\[\d+\]\n){7}$/);
    expect(await namespaces('self')).toBe(await namespaces('1'));
    expect(await tool('exec web -- ls /')).toBe(await user.type('ls ~/rootfs'));
    expect(await tool('exec web pwd')).toBe('/\n');
  });

  it('gives it what the first process has, and no more', async () => {
    const fields = "grep -E '^(Uid|Gid|Cap(Bnd|Eff|Prm|Amb|Inh)|NoNewPrivs|Seccomp):'";
    expect(await tool(`exec web sh -c "${fields} /proc/self/status"`)).toBe(
      await tool(`exec web sh -c "${fields} /proc/1/status"`),
    );
    expect(await tool('exec web env | sort')).toBe(
      await tool('exec web sh -c \'tr "\\\\0" "\\\\n" < /proc/1/environ\' | sort'),
    );
  });

  it('takes a user of the container, a directory, a variable', async () => {
    expect(await tool(`exec -w /tmp -e A=b web sh -c 'pwd; echo $A'`)).toBe('/tmp\nb\n');
    expect(await tool('exec -u 0:0 web id -u')).toBe('0\n');
    expect(await tool('exec -u nosuch web true')).toContain('no such user in the image: nosuch');
  });

  it('returns the status of the command', async () => {
    expect(await status('exec web sh -c "exit 7"')).toBe('7');
    expect(await status('exec web /no/such')).toBe('127');
    expect(await status('exec nosuch true')).toBe('125');
    expect(await status('exec nosuch -- true')).toBe('125');
    expect(await status('exec web')).toBe('2');
    expect(await tool('exec -w /nosuch web true')).toContain('There is no such directory in the container: -w /');
  });

  it('shows how it is done, and does nothing', async () => {
    const plan = await tool('exec --dry-run web touch /made');
    expect(plan).toContain('setns(');
    expect(await status('exec web cat /made')).toBe('1');
  });

  it('refuses to remove what runs, and cleanup leaves it alone', async () => {
    expect(await tool('rm web')).toContain('web runs');
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
    expect(await status('exec web true')).toBe('0');
  });

  it('ends it: PID 1 ignores SIGTERM without a handler, and is killed', async () => {
    expect(await tool('stop --time 0.5 web')).toBe('web: killed\n');
    expect(await ended('web')).toBe('137');
    expect(await files()).toBe('');
    expect(await tool('ps -q')).toBe('');
  });

  it('ends one that listens by the signal alone', async () => {
    await start('loop', 'sh /bin/loop');
    expect(await tool('stop loop')).toBe('loop: ended\n');
    expect(await ended('loop')).toBe('3');
  });

  it('says that it has ended where it ends while a command is being started in it', async () => {
    await start('brief', 'sleep 600');
    const id = (await tool('ps -q')).trim();
    // A process joins cgroups before namespaces. Of these, each file keeps it waiting until somebody reads there.
    const [first, second] = ['first', 'second'].map((name) => `/tmp/${name}/ns-tool-${id}`);
    await user.type(
      `for cgroup in ${first} ${second}; do mkdir -p $cgroup; mkfifo -m 666 $cgroup/cgroup.procs; done
       ${sudo}sed -i 's|^{|{"cgroups":["${first}","${second}"],|' ${states}/${id}/state.json
       ${sudo}ns-tool exec brief true > ~/exec.out 2>&1 & echo $! > ~/exec.pid`,
    );
    expect(await user.type(`cat ${first}/cgroup.procs`)).toBe('0');
    expect(await tool('stop -t 0 brief')).toMatch(/^brief: /);
    expect(await ended('brief')).toBe('137');
    await user.type(`cat ${second}/cgroup.procs`);
    expect(await ended('exec')).toBe('125');
    expect(await user.type('cat ~/exec.out')).toBe('ns-tool: brief has ended\nThose that run: ns-tool ps\n');
    await user.type('rm -r /tmp/first /tmp/second');
  });

  it('says so too where its first process waits for the others in it to end', async () => {
    await start('ends', 'sleep 600');
    await user.type(
      `${sudo}ns-tool exec ends sh -c 'echo here; sleep 600' > ~/exec.out 2>&1 & until grep -s here ~/exec.out; do sleep 0.05; done`,
    );
    const [{ pid }] = JSON.parse(await tool('ps --json'));
    // The process in it is not gone before its parent, outside, has heard of its end.
    const parent = (signal: string) => user.type(`${sudo}pkill -${signal} -f "^[^ ]*node .*exec ends sh"`);
    await parent('STOP');
    await user.type(
      `${sudo}kill -KILL ${pid}; while ${sudo}readlink /proc/${pid}/ns/mnt; do sleep 0.05; done > /dev/null 2>&1`,
    );
    expect(await tool('exec ends true; echo $?')).toBe('ns-tool: ends has ended\nThose that run: ns-tool ps\n125\n');
    await parent('CONT');
    expect(await ended('ends')).toBe('137');
  });

  it('joins nothing of a container that is still starting, whose state names ns-tool', async () => {
    // On this store the kernel refuses an overlay. What is said about that has no room in the pipe, so that the start waits.
    const options = sudo === '' ? '' : '--pids-limit 100';
    await user.type(
      `mkfifo ~/full; exec 9<> ~/full; head -c 65536 /dev/zero >&9
       ${sudo}NS_TOOL_STORE=$HOME/store ns-tool run --name slow ${options} ~/rootfs true 2>&9 & echo $! > ~/slow.pid
       until ${sudo}ns-tool ps | grep -q ' slow '; do sleep 0.05; done`,
    );
    for (const words of ['exec slow true', 'exec --dry-run slow true', 'exec -u nosuch slow true']) {
      expect(await tool(`${words}; echo $?`)).toBe(
        'ns-tool: slow is still starting\nWhether it runs by now: ns-tool ps\n125\n',
      );
    }
    expect(await tool('ps')).toMatch(/ slow +- +starting /);
    await user.type('head -c 65536 <&9 > /dev/null');
    expect(await ended('slow')).toBe('0');
    expect(await user.type('timeout 5 head -n 1 <&9; exec 9>&-; rm ~/full')).toContain(
      'writes to the directory itself',
    );
  });

  it('finds what a killed ns-tool has left, removes that and nothing else', async () => {
    await start('stays', 'sleep 600');
    await start('dies', 'sleep 600');
    const id = JSON.parse(await tool('ps --json')).find(({ name }: { name: string }) => name === 'dies').id;
    await user.type(`${sudo}pkill -KILL -f "^[^ ]*node .*run --name dies"`);
    await ended('dies');
    expect(await tool('ps')).toMatch(new RegExp(`^${id}  dies +- +dead `, 'm'));
    expect(await tool('exec dies true')).toContain('dies has ended');
    const would = await tool('cleanup --dry-run');
    expect(would.match(/Would remove the (state|files) of (\w+)/g)).toEqual([
      `Would remove the files of ${id}`,
      `Would remove the state of ${id}`,
    ]);
    expect(await tool('cleanup')).toBe(would.replaceAll('Would remove', 'Removed'));
    expect(await tool('cleanup')).toBe('Nothing is left over.\n');
    expect(await status('exec stays true')).toBe('0');
    expect((await files()).trim()).toBe((await tool('ps -q')).trim());
    expect(await tool('rm -f stays')).toBe('stays\n');
    await ended('stays');
    expect(await files()).toBe('');
  });

  it('goes on where one of them cannot be removed, and ends with 1', async () => {
    const busy = '$NS_TOOL_STORE/containers/000000000000';
    await user.type(
      `${sudo}sh -c 'mkdir -p ${busy}/mounted $NS_TOOL_STORE/containers/ffffffffffff/upper'
       ${sudo}sh -c 'mkdir -p ${states}/000000000000; echo "{\\"id\\":\\"000000000000\\",\\"name\\":\\"half\\",\\"pid\\":1,\\"startTime\\":-1,\\"image\\":\\"i\\",\\"command\\":[],\\"created\\":\\"2020-01-01T00:00:00Z\\"}" > ${states}/000000000000/state.json'
       sudo mount -t tmpfs x ${sudo ? `/tmp/store-of-root/containers/000000000000` : busy}/mounted`,
    );
    expect(await tool('cleanup 2> /dev/null; echo $?')).toMatch(/^Removed the files of ffffffffffff: .*\n1\n$/);
    expect(await tool('cleanup --json 2> /dev/null')).toContain('"failed"');
    expect(await tool('cleanup 2>&1')).toMatch(/cannot remove all of .*000000000000: rm ended with status 1/);
    expect(await tool('ps')).toContain(' half ');
    await user.type(`sudo umount ${sudo ? `/tmp/store-of-root/containers/000000000000` : busy}/mounted`);
    expect(await tool('cleanup')).toMatch(
      /^Removed the files of 000000000000: .*\nRemoved the state of 000000000000: .*\n$/,
    );
  });

  it('leaves what only has the name of a container: a link, and a file', async () => {
    await user.type(
      `${sudo}sh -c 'mkdir -p /tmp/kept $NS_TOOL_STORE/containers; touch /tmp/kept/file; cd $NS_TOOL_STORE/containers
                     ln -s /tmp/kept 0123456789ab; touch ffffffffffff'`,
    );
    expect(await tool('cleanup 2>&1; echo $?')).toBe('Nothing is left over.\n0\n');
    expect(await user.type('ls /tmp/kept')).toBe('file\n');
    expect(await files()).toBe('0123456789ab\nffffffffffff\n');
    await user.type(`${sudo}sh -c 'rm -r /tmp/kept $NS_TOOL_STORE/containers/*'`);
  });

  it('says what of its places cannot be read', async () => {
    const refused = (path: string, why: string, hint: string) => `ns-tool: cannot read ${path}: ${why}\n${hint}\n`;
    expect(await tool('cleanup --store /dev/null')).toBe(
      refused(
        '/dev/null/containers',
        'Not a directory (ENOTDIR)',
        'Give the directory of a store of yours: --store DIR',
      ),
    );
    if (sudo !== '') return;
    await user.type('sudo mkdir -p -m 700 /tmp/of-root');
    for (const words of ['ps', 'exec web true', 'stop web', 'rm web', 'cleanup']) {
      expect(await user.type(`XDG_RUNTIME_DIR=/tmp/of-root ns-tool ${words}`)).toBe(
        refused(
          '/tmp/of-root/ns-tool',
          'Permission denied (EACCES)',
          'Where the states of containers are: set XDG_RUNTIME_DIR.',
        ),
      );
    }
    await user.type('sudo rmdir /tmp/of-root');
  });

  it.each(['cleanup', 'cleanup --dry-run', 'run ~/rootfs true'])(
    'touches nothing in a store of somebody else: %s',
    async (words) => {
      const asOwner = sudo === '' ? '' : 'sudo ';
      await user.type(
        `${asOwner}sh -c 'mkdir -p /tmp/kept; touch /tmp/kept/file'
         mkdir -p /tmp/other/containers; ln -sfn /tmp/kept /tmp/other/containers/0123456789ab
         sudo chown -hR nobody /tmp/other`,
      );
      const [first, ...rest] = words.split(' ');
      expect(await tool(`${[first, '--store /tmp/other', ...rest].join(' ')} 2>&1; echo $?`)).toBe(
        `ns-tool: the store /tmp/other belongs to another user (65534)\nChoose another: --store DIR\n${first === 'run' ? 125 : 1}\n`,
      );
      expect(await user.type('ls /tmp/kept /tmp/other/containers')).toBe(
        '/tmp/kept:\nfile\n\n/tmp/other/containers:\n0123456789ab\n',
      );
      await user.type('sudo rm -r /tmp/kept /tmp/other');
    },
  );

  it.each(['ps', 'exec web true', 'stop web', 'rm web', 'cleanup'])(
    'reads no states that somebody else may have written: %s',
    async (words) => {
      const directory = (await user.type(`echo ${states}`)).trim();
      const owner = sudo === '' ? 'learner' : 'root';
      await user.type(`sudo mkdir -p -m 700 ${directory}; sudo chown nobody ${directory}`);
      expect(await tool(words)).toBe(
        `ns-tool: ${directory} is not a directory of yours alone\nOthers could change what ns-tool relies on: remove it, or chmod 700 ${directory}\n`,
      );
      expect(await status(words)).toBe(words.startsWith('exec') ? '125' : '1');
      await user.type(`sudo chown ${owner} ${directory}`);
      expect(await tool('ps -q')).toBe('');
    },
  );
});
