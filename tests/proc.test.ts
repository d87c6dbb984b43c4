import { describe, expect, it } from 'vitest';
import { expectUnnoticed } from './support/checks.ts';
import { needsRoot } from './support/privilege.ts';
import { Stand } from './support/stand.ts';

const LIST = 'cd /proc/self/ns; for n in *; do echo "$n $(readlink $n)"; done';

interface Row {
  readonly type: string;
  readonly id: number;
  readonly sameAsSelf: boolean;
  readonly sameAsPid1: boolean | null;
}

/** Runs a script beside a sleeping process in a UTS namespace of its own, with its pid in $pid. */
const besideAnother = (script: string) => `
  unshare --uts sleep 30 >/dev/null 2>&1 & pid=$!
  until grep -q sleep /proc/$pid/comm; do :; done
  ${script}
  status=$?; kill $pid; exit $status`;

describe.skipIf(needsRoot('ns-tool proc'))('ns-tool proc', () => {
  it('lists its own namespaces, which are those of the shell that starts it', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status, ...observed } = await stand.run({ program: 'ns-tool', args: ['proc', '--json'] });
    const { namespaces } = JSON.parse(stdout) as { namespaces: Row[] };
    const list = namespaces.map(({ type, id }) => `${type} ${type.replace('_for_children', '')}:[${id}]\n`).join('');
    expect(list).toBe(await stand.shell(LIST));
    expect(namespaces.every(({ sameAsSelf }) => sameAsSelf)).toBe(true);
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expectUnnoticed(observed);
  });

  it('prints a table', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({ program: 'ns-tool', args: ['proc'] });
    const id = /\d+/.exec(await stand.shell('readlink /proc/self/ns/uts'))?.[0];
    expect(stdout).toMatch(/^TYPE +ID +OURS +PID 1'S\n/);
    expect(stdout).toMatch(new RegExp(`^uts +${id} +same +(same|other|unknown)$`, 'm'));
  });

  it('tells which namespaces of another process are others', async () => {
    const stand = await Stand.forTest();
    const { stdout } = await stand.run({
      program: 'ns-tool',
      args: ['proc', '--json'],
      through: ['sh', '-c', besideAnother('readlink /proc/$pid/ns/uts >&2; "$@" $pid'), 'sh'],
    });
    const { namespaces } = JSON.parse(stdout) as { namespaces: Row[] };
    expect(namespaces.filter(({ sameAsSelf }) => !sameAsSelf).map(({ type }) => type)).toEqual(['uts']);
  });

  it('compares with process 1, where that may be read', async () => {
    const stand = await Stand.forTest();
    // In a pid namespace of its own, with the proc of that, process 1 is one of ours.
    const { stdout } = await stand.run({
      program: 'ns-tool',
      args: ['proc', '--json'],
      through: ['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', 'unshare --uts "$@"; exit $?', 'sh'],
    });
    const { namespaces } = JSON.parse(stdout) as { namespaces: Row[] };
    expect(namespaces.filter(({ sameAsPid1 }) => sameAsPid1 !== true).map(({ type }) => type)).toEqual(['uts']);
  });

  it('does not know of process 1 what an ordinary user may not read', async () => {
    const stand = await Stand.forTest();
    const { stdout, status } = await stand.run({ program: 'ns-tool', args: ['proc', '--json'], uid: 54321 });
    const { namespaces } = JSON.parse(stdout) as { namespaces: Row[] };
    expect(new Set(namespaces.map(({ sameAsPid1 }) => sameAsPid1))).toEqual(new Set([null]));
    expect(status).toBe(0);
  });

  it('says that there is no such process', async () => {
    const stand = await Stand.forTest();
    const { stdout, stderr, status } = await stand.run({ program: 'ns-tool', args: ['proc', '4194305'] });
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'ns-tool: openat(AT_FDCWD, "/proc/4194305/ns", O_RDONLY|O_CLOEXEC|O_DIRECTORY): No such file or directory (ENOENT)\n' +
        'There is no process 4194305, in this pid namespace; ps -e lists those that there are.\n',
    );
    expect(status).toBe(1);
  });

  it("tells an ordinary user of sudo for another's process", async () => {
    const stand = await Stand.forTest();
    const { stderr, status } = await stand.run({ program: 'ns-tool', args: ['proc', '1'], uid: 54321 });
    expect(stderr).toMatch(
      /^ns-tool: \w+\(.*\): Permission denied \(EACCES\)\nProcess 1 is not yours; .*: sudo ns-tool proc 1\n$/,
    );
    expect(status).toBe(1);
  });

  it('does not tell root of sudo', async () => {
    const stand = await Stand.forTest();
    const { stderr, status } = await stand.run({
      program: 'ns-tool',
      args: ['proc', '1'],
      through: ['setpriv', '--bounding-set', '-sys_ptrace', '--inh-caps', '-sys_ptrace'],
    });
    expect(stderr).toMatch(
      /^ns-tool: \w+\(.*\): Permission denied \(EACCES\)\nYou are root, but may not look at process 1: no CAP_SYS_PTRACE, or a security module\n$/,
    );
    expect(status).toBe(1);
  });

  for (const words of [['abc'], ['0'], ['-5'], ['1', '2'], ['1.5']]) {
    it(`refuses ${words.join(' ')}`, async () => {
      const stand = await Stand.forTest();
      const { stdout, stderr, status } = await stand.run({ program: 'ns-tool', args: ['proc', ...words] });
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^error: /);
      expect(status).toBe(2);
    });
  }
});
