/** `ns-tool run -t` and `ns-tool exec -t`: the terminal inside, and what becomes of the one outside. */
import { beforeAll, describe, expect, it } from 'vitest';
import { LEASE, needsPerl } from '../support/lease.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { CTRL_C, CTRL_Z, hasTerminals, type Keys, session, TOOL } from '../support/terminal.ts';
import { needsBusybox, prepareForTerminals } from './rootfs.ts';

const what = 'a terminal for a container';
const USER = 54321;

/** Scripts for the container, where the directory of the session is /d. */
const INSIDE = {
  tell: ': > /d/ready; tty > /d/tty; stty size > /d/size; stty -a > /d/settings; echo $TERM > /d/term; readlink /proc/self/fd/0 > /d/link; echo typed > /dev/tty; : > $(tty) && exit 5',
  ask: 'trap : INT; sh -c ": > /d/ready; exec sleep 9"; echo $? > /d/slept; read -r line; echo "$line" > /d/line; exit 4',
  size: 'trap "stty size > /d/size; exit 3" WINCH; : > /d/ready; while :; do sleep 0.05; done',
  signal: 'trap "exit 9" INT TERM HUP; : > /d/ready; while :; do sleep 0.05; done',
  wait: ': > /d/ready; while [ ! -e /d/over ]; do sleep 0.05; done; exit 7',
  much: 'seq 1 60000; exit 8',
  interrupted: ': > /d/ready; exec sleep 9',
  hold: ': > /d/holds; while :; do sleep 0.1; done',
};

/** Scripts for the terminal outside. */
const OUTSIDE = {
  // Not bash itself, which mends the settings of a terminal after a command that was ended by a signal.
  around: `trap : INT; stty -g > before; sh -c 'echo $$ > pid; exec "$@"' sh "$@"; echo $? > status; stty -g > after; : > done`,
  // Beside it: once a command is ready, and the terminal is as it is to be while that runs, which comes a little later.
  meanwhile: `until [ -e ready ] && stty -a | grep -q -e -opost; do sleep 0.02; done
    stty -g > look; mv look during; pid=$(cat pid)
    case $1 in
      STOP) kill -TSTP $pid
        until grep -q 'T (stopped)' /proc/$pid/status; do sleep 0.02; done
        stty -g > stopped; kill -CONT $pid
        until [ "$(stty -g)" = "$(cat during)" ]; do sleep 0.02; done
        : > over ;;
      [A-Z]*) kill -$1 $pid ;;
      *) $1 ;;
    esac`,
  exec: `tool=$1; root=$2; shift 2
    $tool run --name box -v $D:/d $root hold < /dev/null &
    until $tool exec box true 2> /dev/null; do sleep 0.05; done
    $tool exec "$@" box tell; status=$?
    $tool stop --time 0 box; wait; exit $status`,
  held: `tool=$1; file=/mnt/rootfs/bin/held; trap : INT
    $tool run --in-place --name box -v $D:/d /mnt/rootfs hold < /dev/null &
    until $tool exec box true 2> /dev/null; do sleep 0.05; done
    cp /mnt/rootfs/bin/busybox $file
    perl -e '${LEASE}' $file > lease & lease=$!
    until grep -q taken lease; do sleep 0.02; done
    { until grep -q awaited lease; do sleep 0.02; done; : > awaited; } &
    $tool exec -t box held; status=$?
    kill $lease; $tool stop --time 0 box; wait; exit $status`,
};

describe.skipIf([!hasTerminals(what), needsRoot(what), needsBusybox(what)].some(Boolean))(what, () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(prepareForTerminals(USER, INSIDE, OUTSIDE));
    return () => stand.dispose();
  });

  const tool = `env NS_TOOL_STORE=/mnt/store ${TOOL}`;
  const toolOfUser = `setpriv --reuid ${USER} --regid ${USER} --clear-groups env XDG_RUNTIME_DIR=/mnt/states NS_TOOL_STORE=/mnt/store/user ${TOOL}`;
  const run = `${tool} run -t -v $D:/d`;

  /** What comes of a command to which keys are typed, while a script looks on. */
  const typing = (command: string, keys: readonly Keys[] = [], meanwhile = ':') =>
    session(stand, [
      [
        'outside1',
        `stty rows 33 cols 99 erase ^H; timeout 30 sh /mnt/meanwhile "${meanwhile}" & sh /mnt/around ${command}\\n`,
      ],
      ...keys,
      ['done', 'kill %%1; exit\\n'],
    ]);

  it.each([
    ['as root', `${run} /mnt/rootfs`],
    ['as another user inside', `${run} -u ada /mnt/rootfs`],
    ['of an ordinary user', `${toolOfUser} run -t -v $D:/d /mnt/user-rootfs`],
  ])('is /dev/console, with the size and the settings of the one outside, %s', async (_, start) => {
    const files = await typing(`${start} tell`);
    expect(files).toMatchObject({ tty: '/dev/console', link: '/dev/console', size: '33 99', status: '5' });
    expect(files.settings).toContain('erase = ^H');
    expect(files.term).toBe('xterm');
    // Through the raw terminal outside, the line discipline inside has made that of the newline.
    expect(files.shown).toContain('typed\r\n');
    expect(files.after).toBe(files.before);
  });

  it('takes what is typed as bytes: Ctrl-C interrupts the command inside, and not ns-tool', async () => {
    const files = await typing(`${run} /mnt/rootfs ask`, [
      ['during', CTRL_C],
      ['slept', 'a b\\n'],
    ]);
    expect(files).toMatchObject({ slept: '130', line: 'a b', status: '4' });
    expect(files.during).not.toBe(files.before);
    expect(files.after).toBe(files.before);
  });

  it('is that of the command, also where an init is the first process', async () => {
    const files = await typing(`${run} --init /mnt/rootfs ask`, [
      ['during', CTRL_C],
      ['slept', 'a b\\n'],
    ]);
    expect(files).toMatchObject({ slept: '130', line: 'a b', status: '4' });
    const told = await typing(`${toolOfUser} run --init -t -v $D:/d /mnt/user-rootfs tell`);
    expect(told).toMatchObject({ tty: '/dev/console', size: '33 99', status: '5' });
  });

  it('interrupts a command that knows nothing of it, where an init is the first process', async () => {
    expect(await typing(`${run} --init /mnt/rootfs interrupted`, [['during', CTRL_C]])).toMatchObject({
      status: '130',
    });
  });

  it('does not stop a command that nobody could let go on', async () => {
    const files = await typing(`${run} --init /mnt/rootfs signal`, [['during', CTRL_Z + CTRL_C]]);
    expect(files).toMatchObject({ status: '9' });
  });

  it.each(['', '--init'])('has job control inside, and Ctrl-Z stops nothing outside %s', async (option) => {
    const files = await typing(`${run} ${option} /mnt/rootfs sh`, [
      ['pid', 'hold\\n'],
      ['holds', CTRL_Z],
      ['holds', 'jobs > /d/inside; kill -9 %%1; exit 6\\n'],
      ['inside', 'exit 6\\n'],
    ]);
    expect(files.inside).toMatch(/Stopped.*hold/);
    expect(files.status).toBe('6');
  });

  it('hears of another size', async () => {
    const files = await typing(`${run} /mnt/rootfs size`, [], 'stty rows 21 cols 77');
    expect(files).toMatchObject({ size: '21 77', status: '3' });
  });

  it('shows all that the command has written before it ended', async () => {
    const files = await typing(`${run} /mnt/rootfs much`);
    expect(files.status).toBe('8');
    expect(files.shown?.replaceAll('\r', '')).toContain(
      Array.from({ length: 60_000 }, (_, i) => `${i + 1}\n`).join(''),
    );
  });

  it.each([
    ['TERM', '143'],
    ['HUP', '129'],
    ['INT', '130'],
  ])('leaves the terminal outside as it was when it is ended by SIG%s', async (signal, status) => {
    const files = await typing(`${run} /mnt/rootfs signal`, [], signal);
    expect(files.status).toBe(status);
    expect(files.during).not.toBe(files.before);
    expect(files.after).toBe(files.before);
  });

  it('gives the terminal back while ns-tool is stopped, and takes it again', async () => {
    const files = await typing(`${run} /mnt/rootfs wait`, [], 'STOP');
    expect(files.during).not.toBe(files.before);
    expect(files).toMatchObject({ stopped: files.before, after: files.before, status: '7' });
  });

  it.each([
    ['as root', `'${tool}' /mnt/rootfs -t`],
    ['as another user inside', `'${tool}' /mnt/rootfs -t -u ada`],
    ['of an ordinary user', `'${toolOfUser}' /mnt/user-rootfs -t`],
  ])('has a name inside by exec, too, %s', async (_, words) => {
    const files = await typing(`sh /mnt/exec ${words.replaceAll("'", '"')}`);
    expect(files).toMatchObject({ tty: '/dev/pts/0', link: '/dev/pts/0', size: '33 99', term: 'xterm', status: '5' });
    expect(files.shown).toContain('typed\r\n');
    expect(files.after).toBe(files.before);
  });

  it.skipIf(needsPerl('exec that is held up'))(
    'leaves Ctrl-C a signal until the command of exec has started, which those inside may hold up',
    async () => {
      const files = await typing(`sh /mnt/held "${tool}"`, [['awaited', CTRL_C]]);
      expect(files).toMatchObject({ status: '130', after: files.before });
    },
  );

  it('is there without being asked for, where input, output and errors are one outside', async () => {
    const files = await typing(`${tool} run -v $D:/d /mnt/rootfs tell`);
    expect(files).toMatchObject({ tty: '/dev/console', size: '33 99', status: '5', after: files.before });
    const executed = await typing(`sh /mnt/exec "${tool}" /mnt/rootfs`);
    expect(executed).toMatchObject({ tty: '/dev/pts/0', size: '33 99', status: '5', after: executed.before });
  });

  it('needs one outside', async () => {
    const ended = await stand.run({ program: 'ns-tool', args: ['run', '-it', '/mnt/rootfs', 'true'] });
    expect(ended).toMatchObject({ status: 125, stdout: '' });
    expect(ended.stderr).toBe(
      'ns-tool: the input device is not a TTY\nLeave -t out where standard input is a file or a pipe.\n',
    );
  });
});
