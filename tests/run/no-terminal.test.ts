/** `ns-tool run` and `ns-tool exec` where the container gets no terminal: it never has that of whoever has started it. */
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, needsCompiler } from '../support/compiler.ts';
import { needsRoot } from '../support/privilege.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { Stand } from '../support/stand.ts';
import { CTRL_C, CTRL_D, hasTerminals, type Keys, session, TOOL } from '../support/terminal.ts';
import { needsBusybox, prepareForTerminals } from './rootfs.ts';

const what = 'a container without a terminal';
const USER = 54321;

/** Scripts for the container, where the directory of the session is /d. */
const INSIDE = {
  type: 'for fd in 0 1 2; do readlink /proc/self/fd/$fd; done > /d/links; /escape type "$1"; : > /d/over',
  read: ': > /d/ready; cat > /d/read; exit 4',
  line: ': > /d/ready; read -r line; echo "$line" > /d/line',
  tell: 'echo output; echo error >&2; seq 1 60000',
  hold: ': > /d/holds; while :; do sleep 0.1; done',
  unmount: 'umount /dev/pts && : > /d/holds; while :; do sleep 0.1; done',
  interrupted: ': > /d/ready; exec sleep 9',
  count: `trap 'echo outer >> /d/ints' INT
    sh -c 'trap "echo inner >> /d/ints; exit" INT; : > /d/ready; while :; do sleep 0.05; done'
    until grep -q outer /d/ints; do sleep 0.05; done; exit 6`,
};

/** For the terminal outside: start WHO SCRIPT [OPTION…] */
const OUTSIDE = `who=$1 script=$2; shift 2
  export NS_TOOL_STORE=/mnt/store
  case $who in
    root) exec ${TOOL} run -v $D:/d "$@" /mnt/rootfs $script ": > $D/typed" ;;
    user) export NS_TOOL_STORE=/mnt/store/user XDG_RUNTIME_DIR=/mnt/states
      exec setpriv --reuid ${USER} --regid ${USER} --clear-groups ${TOOL} run -v $D:/d /mnt/user-rootfs $script ": > $D/typed" ;;
    exec) exec ${TOOL} exec box $script ": > $D/typed" ;;
    stop) exec ${TOOL} stop --time 0 box ;;
  esac`;

/** Ways to start it in which not all of the three are the terminal, or are not for it. */
const WAYS: readonly [how: string, behind: string][] = [
  ['with its output in a pipe', '| cat > piped'],
  ['with its input from elsewhere', '< /dev/null'],
  ['with its output elsewhere', '> output 2>&1'],
  ['with its errors elsewhere', '2> errors'],
  ['in the background', '& wait'],
];

const skipped = [!hasTerminals(what), needsRoot(what), needsBusybox(what), needsCompiler(what)].some(Boolean);

describe.skipIf(skipped)(what, () => {
  let stand: Stand;
  const scratch = scratchDirectory();
  beforeAll(async () => {
    const program = join(scratch, 'escape');
    compile(new URL('escape.c', import.meta.url), program, ['-static']);
    stand = await Stand.make();
    await stand.shell(`mkdir /mnt/rootfs; cp ${program} /mnt/rootfs`);
    await stand.shell(prepareForTerminals(USER, INSIDE, { start: OUTSIDE }));
    return () => stand.dispose();
  });

  /** What comes of command lines, each typed once a file is there; the shell outside is at its next prompt after the last of them. */
  const typing = (...keys: Keys[]) => session(stand, [...keys, ['outside2', 'exit\\n']]);
  const box = (script: string) =>
    `(sh /mnt/start root ${script} --name box < /dev/null > box 2>&1 &); until [ -e holds ]; do sleep 0.05; done`;

  describe.each(WAYS)('%s', (_, behind) => {
    it.each(['root', 'user'])('cannot type for the shell outside: run as %s', async (who) => {
      const files = await typing(['outside1', `sh /mnt/start ${who} type ${behind}\\n`]);
      expect(files).toHaveProperty('over');
      expect(files).not.toHaveProperty('typed');
      expect(files.links).not.toContain('/dev/pts');
    });

    it('nor by exec', async () => {
      const command = `sh /mnt/start exec type ${behind}; sh /mnt/start stop box`;
      const files = await typing(['outside1', `${box('hold')}; ${command}\\n`]);
      expect(files).toHaveProperty('over');
      expect(files).not.toHaveProperty('typed');
      expect(files.links).not.toContain('/dev/pts');
    });
  });

  it('is what a command gets where no terminal can be made for it', async () => {
    const command = 'sh /mnt/start exec tell > output; sh /mnt/start exec type; sh /mnt/start stop box';
    const files = await typing(['outside1', `${box('unmount --privileged')}; ${command}\\n`]);
    expect(files.links).not.toContain('/dev/');
    expect(files.output).toContain('output');
  });

  it('reads what is typed, up to its end', async () => {
    const keys: Keys = ['ready', `a line\\n${CTRL_D}`];
    const files = await typing(['outside1', 'sh /mnt/start root read 2> errors; echo $? > status\\n'], keys);
    expect(files).toMatchObject({ read: 'a line', status: '4', errors: '' });
  });

  it.each([
    ['output', '2> errors', /^output/m],
    ['errors', '> output', /^error/m],
  ])('shows all of its %s', async (_, behind, shown) => {
    const files = await typing(['outside1', `sh /mnt/start root tell ${behind}\\n`]);
    expect(files.shown).toMatch(shown);
    const all = `${files.shown}\n${files.output ?? ''}\n`.replaceAll('\r', '');
    expect(all).toContain(Array.from({ length: 60_000 }, (_, i) => `${i + 1}\n`).join(''));
  });

  describe('with files', () => {
    /** What comes of a shell script in which `"$@"` runs a script in a container. */
    const shell = async (outer: string, inner: string) => {
      const through = ['sh', '-c', `cd $(mktemp -d -p /mnt); ${outer}`, 'sh'];
      const args = ['run', '/mnt/rootfs', 'sh', '-c', inner];
      return (await stand.run({ program: 'ns-tool', args, through, env: { NS_TOOL_STORE: '/mnt/store' } })).stdout;
    };

    it('reads all of one', async () => {
      expect(await shell('seq 300000 > in; "$@" < in | cmp - in && echo same', 'cat')).toBe('same\n');
    });

    it('leaves of one what it does not read', async () => {
      expect(
        await shell('seq 300000 > in; { "$@"; cat; } < in > out; cmp in out && echo same', 'read a; echo $a'),
      ).toBe('same\n');
    });

    it('reads nothing where a directory is its input', async () => {
      expect(await shell('"$@" < . 2>&1', 'cat; ls /proc/self/fd/0/ 2> /dev/null')).toBe(
        'ns-tool: cannot read the input: EISDIR: illegal operation on a directory, read\n',
      );
    });

    it('writes to one in the order in which it does, output and errors', async () => {
      const lines = Array.from({ length: 100 }, () => 'output\nerror\n').join('');
      expect(await shell('"$@" > out 2>&1; cat out', 'for i in $(seq 100); do echo output; echo error >&2; done')).toBe(
        lines,
      );
    });
  });

  it.each(['', '--init'])('hears of Ctrl-C, and so do all that it has started %s', async (option) => {
    const start = `sh /mnt/start root count ${option} 2> errors; echo $? > status\\n`;
    const files = await typing(['outside1', start], ['ready', CTRL_C]);
    expect(files.ints?.split('\n').sort()).toEqual(['inner', 'outer']);
    expect(files.status).toBe('6');
  });

  it('ends ns-tool along with a command that Ctrl-C has ended behind an init', async () => {
    // A shell that runs it in a loop hears that it was ended by a signal, and does not go on.
    const loop = 'for i in 1 2; do sh /mnt/start root interrupted --init 2> errors; done; : > again';
    const files = await typing(['outside1', `bash -c "${loop}"\\n`], ['ready', CTRL_C]);
    expect(files).toHaveProperty('ready');
    expect(files).not.toHaveProperty('again');
  });

  it('leaves what is typed to the shell while it is in the background, and reads it in the foreground', async () => {
    const files = await typing(
      ['outside1', 'sh /mnt/start root line &\\n'],
      ['ready', 'echo ours > ours\\n'],
      ['ours', 'fg\\n'],
      ['ours', 'theirs\\n'],
    );
    expect(files).toMatchObject({ ours: 'ours', line: 'theirs' });
  });
});
