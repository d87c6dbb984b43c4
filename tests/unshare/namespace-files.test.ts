/** Namespaces that outlive their processes: `--uts=FILE` and the like, beside unshare(1). */
import { beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

const OURS = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs unshare';
const THEIRS = 'unshare';

/** What is mounted on the file afterwards. */
const KEPT = "sed -nE 's,^.* ([a-z]+):\\[[0-9]+\\] (/[a-z]+/[a-z]+) .*nsfs.*,kept \\1 on \\2,p' /proc/self/mountinfo";

describe.skipIf(needsRoot('namespaces kept in files'))('unshare keeps', () => {
  let stand: Stand;
  beforeAll(async () => {
    stand = await Stand.make();
    return () => stand.dispose();
  });

  /**
   * Runs a script, in which `$unshare` is one of the two, in a mount namespace of its own with empty files to keep on. On one
   * processor: Linux 6.18 numbers namespaces by processor, and keeps none in a mount namespace with a higher number (EINVAL).
   */
  const run = async (unshare: string, script: string) =>
    await stand.shell(
      `taskset --cpu-list 0 unshare --mount sh -c '
        mount -t tmpfs files /small && cd /small && touch one two && unshare="${unshare}"
        ${script}
        ${KEPT.replaceAll("'", `'\\''`)}'`,
    );

  beforeAll(async () => {
    await stand.shell('mkdir /small');
  });

  const same: Readonly<Record<string, readonly [script: string, printed: string]>> = {
    'a UTS namespace, with what was changed in it': [
      '$unshare --uts=/small/one hostname kept; nsenter --uts=/small/one uname -n',
      'kept\nkept uts on /small/one\n',
    ],
    'several at once': [
      '$unshare --ipc=/small/one --net=/small/two true',
      'kept ipc on /small/one\nkept net on /small/two\n',
    ],
    'a mount namespace, with its mounts': [
      '$unshare --mount=/small/one mount -t tmpfs inside /mnt; nsenter --mount=/small/one findmnt -no SOURCE /mnt | tail -1',
      'inside\nkept mnt on /small/one\n',
    ],
    'a time namespace, with its clocks': [
      '$unshare --time=/small/one --boottime 5000 true; nsenter --time=/small/one cat /proc/self/timens_offsets | tr -s " "',
      'monotonic 0 0\nboottime 5000 0\nkept time on /small/one\n',
    ],
    'a pid namespace with --fork': ['$unshare --fork --pid=/small/one true', 'kept pid on /small/one\n'],
    'and returns the status of the command': [
      '$unshare --uts=/small/one sh -c "exit 7"; echo $?',
      '7\nkept uts on /small/one\n',
    ],
    'nothing on a file that is missing': [
      '$unshare --uts=/small/one --ipc=/small/none true 2>/dev/null; [ $? -ne 0 ] && echo fails; umount one 2>/dev/null',
      'fails\n',
    ],
    'no pid namespace without --fork': [
      '$unshare --pid=/small/one true 2>/dev/null; [ $? -ne 0 ] && echo fails',
      'fails\n',
    ],
  };
  for (const [what, [script, printed]] of Object.entries(same)) {
    it(what, async () => {
      expect(await run(THEIRS, script), 'unshare(1)').toBe(printed);
      expect(await run(OURS, script)).toBe(printed);
    });
  }

  it('a user namespace too, which unshare(1) cannot: it has lost the privilege by then', async () => {
    const script = '$unshare --user=/small/one -r true 2>/dev/null; echo $?';
    expect(await run(THEIRS, script)).toBe('1\n');
    expect(await run(OURS, script)).toBe('0\nkept user on /small/one\n');
  });

  it('nothing for a command that could not be started, unlike unshare(1)', async () => {
    const script = '$unshare --uts=/small/one --ipc=/small/two -w /no/such true 2>/dev/null; echo $?';
    expect(await run(THEIRS, script)).toBe('1\nkept ipc on /small/two\nkept uts on /small/one\n');
    expect(await run(OURS, script)).toBe('125\n');
  });

  it('no mount namespace on a shared mount, and says why', async () => {
    const script = 'mount --make-shared /small; $unshare --mount=/small/one true 2>&1; echo $?';
    expect(await run(THEIRS, script)).toMatch(/Invalid argument\n1\n$/);
    expect(await run(OURS, script)).toMatch(
      /^ns-tool: mount\("\/proc\/\d+\/ns\/mnt", "\/small\/one", .*\(EINVAL\)\n.*mount --make-private.*\n125\n$/,
    );
  });

  it('says what to do where the file is missing', async () => {
    expect(await run(OURS, '$unshare --uts=/small/none true 2>&1')).toMatch(/\(ENOENT\)\n.*touch \/small\/none\n$/);
  });

  it('namespaces in a user namespace whose IDs the child maps for itself', async () => {
    const program = `import('@ns-tool/syscalls').then(async ({ mapSelf, spawn }) => {
      const keep = { uts: '/small/one' };
      const child = await spawn('cat', ['/proc/self/uid_map'], { namespaces: ['user', 'uts'], idMaps: mapSelf(), keep });
      process.exitCode = (await child.exited).status;
    })`;
    const script = `cd /checkout/tests && /node/node -e "${program.replaceAll('\n', ' ').replaceAll("'", '\\"')}"`;
    expect((await run(OURS, script)).replace(/ +/g, ' ')).toBe(' 0 0 1\nkept uts on /small/one\n');
  });
});
