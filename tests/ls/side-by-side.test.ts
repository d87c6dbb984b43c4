/**
 * `ns-tool ls` beside lsns(8) of util-linux: the same words, the same output, in a pid namespace with a proc of its own, so
 * that nothing changes between one and the other.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';

const FOLDER = '/mnt/neighbour';
const TOOL = '/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs ls';

/** All columns that both have; NSFS has several lines in a table of lsns. */
const COLUMNS = 'NS,TYPE,PATH,NPROCS,PID,PPID,UID,USER,NETNSID,PNS,ONS,COMMAND';

/** Words for both. $UTS is the pid of a process in a UTS namespace of its own, $USER of one of an ordinary user. */
const AS_DATA = [
  `-J -l -o ${COLUMNS},NSFS`,
  `-J -o ${COLUMNS},NSFS`,
  '-J',
  '--json --list',
  '-J -o NS,PID',
  '-J -o ns,Type,ns',
  '-J -o +PATH,ONS',
  '-J --tree=owner',
  '-J --tree',
  '-JT -o NS',
  '-J -Tparent',
  '-J -T=parent',
  '-J --tree=process',
  `-J --tree=owner -o ${COLUMNS}`,
  '-J --tree=owner -o TYPE,NS',
  '-J -t uts',
  '-J -t net',
  '-J -o NS,TYPE,NETNSID',
  `-J -l -t net -t user -o ${COLUMNS},NSFS`,
  '-J -t user -t pid -t user --tree=parent',
  '-J --type mnt --type cgroup --type ipc --type time -l',
  '-J -p $UTS',
  '-Jlp $UTS -t uts -t net',
  '-J -p 1',
];

const AS_TEXT = [
  '',
  '-l',
  '-n',
  '--noheadings -l',
  '-no NS',
  '-o NS,TYPE,COMMAND',
  `-o ${COLUMNS}`,
  '-o +PATH',
  '-o PID,NS,USER,TYPE',
  '-t uts',
  '-l -t net -o NETNSID,NS,TYPE,COMMAND',
  '-t pid -t uts -l',
  '-T',
  '--tree=parent',
  '-p $UTS',
  '-n -l -o NPROCS -p $UTS -p 1',
];

/** As whom both are run, in which locale, and with which words. */
const WAYS = {
  root: { prefix: '', locale: 'C.UTF-8', asData: AS_DATA, asText: AS_TEXT },
  'root without UTF-8': { prefix: '', locale: 'C', asData: [], asText: ['', '-T'] },
  'an ordinary user': {
    prefix: 'setpriv --reuid 54321 --regid 54321 --clear-groups',
    locale: 'C.UTF-8',
    asData: [`-J -o ${COLUMNS},NSFS`, '-J', '-J --tree=owner', '-J --tree=parent', '-J -l -p $USER', '-J -t net'],
    asText: ['', '-l', '--tree', '-p $USER'],
  },
} as const;

type Way = keyof typeof WAYS;

const hasIp = spawnSync('ip', ['-Version']).status === 0;
if (!hasIp) console.warn('skipped, since ip(8) is not installed: a network namespace with an ID, beside lsns');

/** Two interfaces that are one pair: that of the far end's namespace gets an ID here, rtnl_newlink in net/core/rtnetlink.c. */
const ASSIGN_ID = hasIp ? 'ip link add near type veth peer name far netns $NET' : '';

/** Mounts of the machine keep namespaces that lsns does not list. */
const RESIDENTS = `
  umount -a -l -t nsfs
  touch ${FOLDER}/net ${FOLDER}/twice "${FOLDER}/with blanks"
  unshare -u sleep 1001 & UTS=$!
  unshare -n sleep 1002 & NET=$!
  unshare -Urpf --mount-proc sleep 1003 &
  setpriv --reuid 54321 --regid 54321 --clear-groups unshare -Unm sleep 1004 & USER=$!
  setpriv --reuid 54321 --regid 54321 --clear-groups sleep 1008 &
  unshare -T -i -C bash -c "exec -a 'a (b) c
d) R 1' sleep 1005" &
  unshare -mpf sh -c "unshare -pf sleep 1006 & wait" &
  sleep 1007 &
  until [ "$(cat /proc/[0-9]*/comm | grep -cx sleep)" = 8 ]; do :; done
  ${ASSIGN_ID}
  mount --bind /proc/$USER/ns/net ${FOLDER}/net
  mount --bind /proc/self/ns/net ${FOLDER}/twice
  mount --bind /proc/self/ns/net "${FOLDER}/with blanks"
`;

interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

const hasLsns = spawnSync('lsns', ['--version']).status === 0;
if (!hasLsns) console.warn('skipped, since lsns(8) is not installed: ns-tool ls beside it');

describe.skipIf(!hasLsns || needsRoot('ns-tool ls beside lsns'))('ns-tool ls beside lsns', () => {
  const results = new Map<string, Ended>();
  let stand: Stand;

  const runs = Object.entries(WAYS).flatMap(([way, { asData, asText, prefix, locale }]) =>
    [...asData, ...asText].flatMap((words) =>
      [TOOL, 'lsns'].map((program, i) => ({
        key: `${way} ${words} ${i}`,
        command: `LC_ALL=${locale} ${prefix} ${program} ${words}`,
      })),
    ),
  );

  beforeAll(async () => {
    stand = await Stand.make();
    const lines = runs.map(
      ({ command }, i) => `${command} > ${FOLDER}/${i}.out 2> ${FOLDER}/${i}.err; echo $? > ${FOLDER}/${i}.status`,
    );
    // A script of the stand has 30 seconds. Of each pair, both are in the same.
    for (let from = 0; from < lines.length; from += 20) {
      const script = `${RESIDENTS}\n${lines.slice(from, from + 20).join('\n')}\n`;
      await stand.shell(
        `cat > ${FOLDER}/script <<'END'\n${script}\nEND\nunshare -npf --mount-proc sh ${FOLDER}/script`,
      );
    }
    const read = async (file: string) =>
      await stand.shell(
        `cd ${FOLDER} && for i in $(seq 0 ${runs.length - 1}); do cat $i.${file}; printf '\\001'; done`,
      );
    const [outs, errs, statuses] = [await read('out'), await read('err'), await read('status')].map((all) =>
      all.split('\u0001'),
    );
    for (const [i, { key }] of runs.entries()) {
      results.set(key, { stdout: outs?.[i] ?? '', stderr: errs?.[i] ?? '', status: Number(statuses?.[i]) });
    }
  });
  afterAll(() => stand?.dispose());

  const both = (way: Way, words: string) =>
    [0, 1].map((i) => results.get(`${way} ${words} ${i}`) as Ended) as [Ended, Ended];

  for (const way of Object.keys(WAYS) as Way[]) {
    const { asData, asText } = WAYS[way];
    describe(`as ${way}`, () => {
      it.each(asData)('ls %s', (words) => {
        const [ours, theirs] = both(way, words);
        expect(ours.status).toBe(0);
        expect(theirs.stdout).toContain('"ns": 40265');
        expect(withoutKeptBy(ours.stdout)).toEqual(JSON.parse(theirs.stdout));
      });

      it.each(asText)('ls %s', (words) => {
        const [ours, theirs] = both(way, words);
        expect(ours.status).toBe(0);
        expect(theirs.stdout).not.toBe('');
        expect(ours.stdout).toBe(escapedAsHere(theirs.stdout));
      });
    });
  }

  it('says on standard error what lsns does not say: that a user has not seen everything', () => {
    for (const words of ['-J', '-l']) {
      expect(both('root', words).map(({ stderr }) => stderr)).toEqual(['', '']);
      const [ours, theirs] = both('an ordinary user', words);
      expect(theirs.stderr).toBe('');
      expect(ours.stderr).toMatch(/^ns-tool: \d\d processes not looked at; all are shown by: sudo ns-tool ls\n$/);
    }
  });

  it('was compared where there was something to compare', () => {
    const [ours] = both('root', `-J -l -o ${COLUMNS},NSFS`);
    const { namespaces } = JSON.parse(ours.stdout) as { namespaces: Record<string, unknown>[] };
    expect(new Set(namespaces.map(({ type }) => type)).size).toBe(8);
    expect(namespaces.length).toBeGreaterThan(20);
    expect(namespaces.map(({ command }) => command)).toContain('a (b) c\nd) R 1 1005');
    expect(namespaces.map(({ nsfs }) => nsfs)).toContain(`${FOLDER}/twice\n${FOLDER}/with blanks`);
    expect(namespaces.map(({ user }) => user)).toContain('54321');
    expect(namespaces.map(({ netnsid }) => netnsid)).toContain('unassigned');
    if (hasIp) expect(namespaces.map(({ netnsid }) => netnsid)).toContain('0');
    expect(both('root', '')[0].stdout).toContain('└─');
    expect(both('root without UTF-8', '')[0].stdout).toContain('`-');
  });
});

/** A document without what only ns-tool has. */
function withoutKeptBy(document: string): unknown {
  return JSON.parse(document, (key, value) => (key === 'keptby' ? undefined : value));
}

/** lsns(8) escapes control characters as `\x0a`, ns-tool as the kernel does in its tables: `\012`. */
function escapedAsHere(text: string): string {
  return text.replace(/\\x([0-9a-f]{2})/g, (_, hex) => `\\${Number.parseInt(hex, 16).toString(8).padStart(3, '0')}`);
}
