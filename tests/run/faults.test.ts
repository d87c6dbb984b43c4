import { errnoMessage, errnoNumber } from '@ns-tool/syscalls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { needsCgroups } from '../support/cgroups.ts';
import { failureBeside } from '../support/changes.ts';
import { describeFaults, representative } from '../support/child-faults.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { LEARNER, makeLearner, needsIdMapping } from '../support/subordinate-user.ts';
import { type Outcome, type RecordedStep, type Run, STARTED, supervise } from '../support/supervised.ts';
import { MAKE_ROOTFS } from './rootfs.ts';

/** A user who has only the own ID to map, beside the one who has more. */
const OTHER = 54322;

/** Where nothing of the machine is: states, stores and boxes are the stand's own. */
const PREPARE = `
mount -t tmpfs run /run
cat > /run/make-rootfs <<'END'
${MAKE_ROOTFS}
END
mkdir /run/box && sh /run/make-rootfs /run/box
for uid in ${LEARNER} ${OTHER}
do mkdir /run/$uid; cp -a /run/box /run/$uid; chown -hR $uid:$uid /run/$uid; done
${makeLearner('200000:65536', '300000:65536')}
mkdir -m 700 /run/${LEARNER}/box/of-another && chown 200000:300000 /run/${LEARNER}/box/of-another
mkdir /run/helpers
for name in newuidmap newgidmap; do ln -s /usr/bin/$name /run/helpers; done
`;

/** What the killed runs have left, cleanup removes, all of it. */
const CLEAN_UP = `
ids=$(ls -A /run/ns-tool 2> /dev/null)
tool='/node/node /checkout/packages/ns-tool/dist/bin/ns-tool.cjs cleanup --store'
$tool /run/store > /dev/null
for uid in ${LEARNER} ${OTHER}
do XDG_RUNTIME_DIR=/run/$uid setpriv --reuid $uid --regid $uid --clear-groups $tool /run/$uid/store > /dev/null; done
left=$(find /run/ns-tool /run/*/ns-tool /run/store/containers /run/*/store/containers -mindepth 1)
for id in $ids; do left="$left$(find /sys/fs/cgroup -name ns-tool-$id)"; done
[ -z "$left" ] || { printf '%s\\n' "$left" >&2; false; }
`;

/** A file of /proc that the kernel does not have is neither bound nor remounted. */
const CONTAINER = { isInit: true, missesInPairs: true };

const as = (uid: number) => ({
  args: ['run', '--store', `/run/${uid}/store`, `/run/${uid}/box`],
  env: { XDG_RUNTIME_DIR: `/run/${uid}` },
  uid,
  ...CONTAINER,
});

describeFaults(
  'ns-tool run',
  [
    { args: ['run', '--store', '/run/store', '/run/box'], ...CONTAINER },
    ...(needsIdMapping('ns-tool run as a user with subordinate IDs') ? [] : [as(LEARNER)]),
    as(OTHER),
    // In a cgroup, and in no memory of ns-tool's.
    ...(needsCgroups('a fault at every step of a container with limits')
      ? []
      : [{ args: ['run', '--pids-limit', '50', '--store', '/run/store', '/run/box'], ...CONTAINER }]),
  ],
  { prepare: PREPARE, cleanUp: CLEAN_UP },
);

/**
 * What a container has made with other IDs than its user's own, only its user namespace gives access to: another child
 * removes it, `rm` in one.
 */
const REMOVAL = "whatever happens to the child that removes the files of a user's container";
describe.skipIf(needsRoot(REMOVAL) || needsIdMapping(REMOVAL))(REMOVAL, () => {
  const { args, env, ...user } = as(LEARNER);
  // One directory, so that each step of the program is come to.
  const command: Run = {
    ...user,
    env: { ...env, PATH: '/bin' },
    args: [...args, '/bin/sh', '-c', `mkdir -m 700 /own; touch /own/file; chown 1:1 /own; echo ${STARTED}; exit 7`],
  };
  let stand: Stand;
  let program: readonly RecordedStep[];
  const outcomesOf = async (runs: readonly Run[]) => (await supervise(stand, { runs, atOnce: 4 })).outcomes;
  beforeAll(async () => {
    stand = await Stand.make();
    await stand.shell(PREPARE);
    const [outcome] = await outcomesOf([{ ...command, of: 1 }]);
    expect(outcome).toMatchObject({ status: 7, stderr: '', left: [] });
    program = outcome?.report?.program ?? [];
    expect(program.at(-1)?.shown).toMatch(/^execve\("\/bin\/rm", \["rm", "-rf"/);
  });
  afterAll(() => stand.shell(CLEAN_UP).finally(() => stand.dispose()));

  /** What comes of it when something goes wrong at each step. */
  async function atEachStep(change: (at: number, step: RecordedStep) => Partial<Run>) {
    const steps = representative(program).map((at) => [at, program[at] as RecordedStep] as const);
    const outcomes = await outcomesOf(steps.map(([at, step]) => ({ ...command, of: 1, ...change(at, step) })));
    return steps.map(([, step], i) => ({ step, outcome: outcomes[i] as Outcome }));
  }

  const told = (why: string) =>
    new RegExp(
      `^ns-tool: cannot remove all of /run/${LEARNER}/store/containers/\\w+: ${why}\nTry again: ns-tool cleanup\n$`,
    );

  it('a step that fails is told of, with what to do', async () => {
    const outcomes = await atEachStep((at, { allowed }) => ({ changes: [{ at, fails: failureBeside(allowed) }] }));
    for (const { step, outcome } of outcomes) {
      const error = failureBeside(step.allowed);
      const shown = `${step.name}\\(.*\\): ${errnoMessage(errnoNumber(error))} \\(${error}\\)`;
      expect(outcome, step.shown).toMatchObject({ status: 125, left: [], stdout: `${STARTED}\n` });
      expect(outcome.stderr, step.shown).toMatch(told(shown));
    }
  });

  it.each([
    ['a child that is killed is told of', 'first child', { status: 125 }],
    ['nothing outlives ns-tool that is killed', 'ns-tool', { signal: 'SIGKILL' }],
  ] as const)('%s', async (_, to, expected) => {
    const act = { when: 'stopped', signal: 'SIGKILL', to } as const;
    const outcomes = await atEachStep((at) => ({ changes: [{ stopBefore: at }], act }));
    for (const { step, outcome } of outcomes) {
      expect(outcome, step.shown).toMatchObject({ hasActed: true, left: [], ...expected });
      if (to === 'first child') expect(outcome.stderr, step.shown).toMatch(told('.* was ended by SIGKILL.*'));
    }
  });

  it('what kept the command from starting is told, also if its files cannot be removed', async () => {
    // To mount in it, it is made in the upper layer, too, and belongs to the same there.
    const volume = ['-v', '/run/helpers:/of-another/helpers'];
    const [run = '', ...more] = args;
    const [outcome] = await outcomesOf([
      { ...user, env: { ...env, PATH: '/run/helpers' }, args: [run, ...volume, ...more, '/bin/none'] },
    ]);
    expect(outcome).toMatchObject({ status: 127, left: [] });
    expect(outcome?.stderr).toMatch(
      /^ns-tool: cannot remove all of .*: execve\("\/run\/helpers\/rm".*ENOENT\)\nns-tool: \/bin\/none: command not found\n$/,
    );
  });
});
