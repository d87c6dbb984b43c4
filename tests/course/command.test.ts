/** `npm run lesson`, as a learner uses it: without root, and with sudo. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Learner } from '../lessons/learner.ts';

const TEST = 'my-lessons/04-mount-namespace/mount.test.ts';
const PROGRAM = 'my-lessons/04-mount-namespace/mount.ts';

const IMPORTS = "import { run } from '@ns-tool/course';\nimport { expect, it } from 'vitest';\n";

describe.skipIf(process.geteuid?.() !== 0)('npm run lesson', { timeout: 180_000 }, () => {
  let learner: Learner;
  beforeAll(async () => {
    learner = await Learner.make();
  });
  afterAll(async () => {
    await learner?.[Symbol.asyncDispose]();
  });

  /** What `npm run lesson …` prints, with its status. */
  const lesson = async (args: string, { as = '' } = {}) => {
    const printed = await learner.type(`${as} npm run --silent lesson -- ${args}; echo "status $?"`);
    const [, output = '', status] = /^(.*)status (\d+)\n$/s.exec(printed) ?? [];
    return { output, status: Number(status) };
  };

  it('lists the lessons, and what to do first', async () => {
    const { output, status } = await lesson('');
    expect(output).toMatch(/^ {2,}00 {2}set-up and safety$/m);
    expect(output).toContain('Next: npm run lesson start 00');
    expect(status).toBe(0);
  });

  it.each([
    ['strat 04', 'Did you mean start?'],
    ['start 99', 'there is no lesson 99'],
    ['start', 'Not enough'],
    ['check', 'which lesson?'],
    ['check 04', 'lesson 04 is not started'],
    ['check --jsno', 'jsno'],
    ['solution 04 both', 'Choices: "test", "program"'],
  ])('refuses `%s`, and says what to do', async (args, says) => {
    const { output, status } = await lesson(args);
    expect(output).toContain(says);
    expect(output).not.toMatch(/^ +at /m);
    expect(status).toBe(args === 'check 04' ? 1 : 2);
  });

  it('lays out an exercise that compiles', async () => {
    expect((await lesson('start 4')).status).toBe(0);
    expect(await learner.type('npx tsc --project my-lessons/04-mount-namespace; echo $?')).toBe('0\n');
    expect(await learner.type(`stat --format %U ${TEST}`)).toBe('learner\n');
  });

  it('leaves what is there at a second start', async () => {
    await learner.write(PROGRAM, 'const mine = 1;\n', { append: false });
    expect((await lesson('start 04')).output).toContain('started already');
    expect(await learner.type(`cat ${PROGRAM}`)).toBe('const mine = 1;\n');
  });

  it.each([
    ['no test', '', 'your test file has no test yet'],
    ['a skipped test', "it.skip('works', () => {});\n", 'your test file has no test yet'],
    ['a test that cannot fail', "it('works', () => {});\n", 'your test passes on the stub'],
    ['a crash', "it('works', () => { throw new Error('boom'); });\n", '"works" crashes on the stub: Error: boom'],
    [
      'a type error',
      "it('works', () => { expect(1 as string).toBe(2); });\n",
      'mount.test.ts, line 3: Conversion of type',
    ],
    ['half a line', "it('works', () => {\n", 'mount.test.ts, line 4:'],
    [
      'an end of its process',
      "it('works', () => { process.exit(3); });\n",
      '"works" crashes on the stub: Error: process.exit',
    ],
  ])('is not content with %s', async (_, text, says) => {
    await learner.write(TEST, IMPORTS + text, { append: false });
    const { output, status } = await lesson('check');
    expect(output).toContain(`✗ red    ${says}`);
    expect(status).toBe(1);
  });

  it('is not content with a test that no program can pass, and shows what that prints', async () => {
    const print = "console.log('printed', 'x'.repeat(100_000), 'to its end');";
    const test = `it('works', () => { ${print} expect(run(import.meta.dirname + '/mount.ts').stdout).toBe('x'); });\n`;
    await learner.write(TEST, IMPORTS + test, { append: false });
    const { output } = await lesson('check');
    expect(output).toContain('✗ good   on a correct program your test is red too: "works": expected');
    expect(output).toMatch(/^Your test printed:\nprinted x{100000} to its end$/m);
  });

  it('gives one hint more each time', async () => {
    const counts = [];
    for (let i = 0; i < 6; i++) counts.push((await lesson('hint')).output.match(/^\d\. /gm)?.length);
    expect(counts).toEqual([1, 2, 3, 4, 4, 4]);
  });

  it('writes the solution, and keeps what the learner wrote', async () => {
    const own = await learner.type(`cat ${TEST}`);
    const { output } = await lesson('solution 04 test --write');
    expect(output).toContain(`Yours is kept: ${TEST}.before-1`);
    expect(await learner.type(`cat ${TEST}.before-1`)).toBe(own);
    expect(await learner.type(`diff ${TEST} docs/lessons/04-mount-namespace/solution/mount.test.ts && echo same`)).toBe(
      'same\n',
    );
  });

  it('says as JSON where the learner stands', async () => {
    const { output, status } = await lesson('check --json');
    const { lesson: name, done, steps } = JSON.parse(output);
    expect({ name, done, status }).toEqual({ name: '04-mount-namespace', done: false, status: 1 });
    expect(steps.map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)).toEqual([
      'red done',
      'good done',
      'green open',
    ]);
  });

  it('goes to green under sudo too, and leaves no file of root', async () => {
    await lesson('solution 04 program --write', { as: 'sudo' });
    const { output, status } = await lesson('check', { as: 'sudo' });
    expect(output).toContain('✓ green');
    expect(output).toContain('(mount, pid, uts, ipc namespaces of its own)');
    expect(status).toBe(0);
    expect(await learner.type('find my-lessons -user root')).toBe('');
  });

  it('keeps a program that mounts, unmounts and renames what it likes away from the machine, also as root', async () => {
    const wild = `import { spawnSync } from 'node:child_process';
const script = 'mount -t tmpfs wild /srv; umount -l /proc; umount -l /mnt; mount --make-rprivate /; hostname wild';
spawnSync('sh', ['-c', script], { stdio: 'inherit' });
`;
    await learner.write(PROGRAM, wild, { append: false });
    const watch = `import { openSync } from 'node:fs'; import { sys, POLLPRI } from '@ns-tool/syscalls';
      const fd = openSync('/proc/self/mountinfo', 'r'); console.log('watching');
      process.stdin.on('end', () => console.log('events:', sys.poll([{ fd, events: POLLPRI }], 0))).resume();`;
    await learner.type(
      `mkfifo ~/end; node --input-type=module -e "${watch}" < ~/end > ~/seen & exec 9> ~/end; until [ -s ~/seen ]; do sleep 0.1; done`,
    );
    expect((await lesson('check', { as: 'sudo' })).output).toContain('✗ green');
    expect((await lesson('check')).output).toContain('✗ green');
    expect(await learner.type('exec 9>&-; wait; cat ~/seen; hostname')).toBe('watching\nevents: 0\nmachine\n');
  });

  it('puts the stubs back, and keeps what the learner wrote', async () => {
    const { output, status } = await lesson('reset 04');
    expect(output).toContain(`Yours is kept: ${PROGRAM}.before-`);
    expect(status).toBe(0);
    expect(await learner.type(`diff ${PROGRAM} docs/lessons/04-mount-namespace/exercise/mount.ts && echo same`)).toBe(
      'same\n',
    );
  });

  it('checks again when a file is saved, until it is interrupted', async () => {
    const waits = (times: number) =>
      `i=0; until [ "$(grep -c "Waiting for you" ~/watched)" = ${times} ] || [ $((i += 1)) -gt 300 ]; do sleep 0.1; done`;
    await lesson('solution 04 test --write');
    await learner.type(`node scripts/lesson.mjs watch 04 > ~/watched & ${waits(1)}`);
    expect(await learner.type('cat ~/watched')).toContain('✗ green');
    await lesson('solution 04 program --write');
    await learner.type(`${waits(2)}; kill -INT $!; wait $!`);
    expect(await learner.type('cat ~/watched')).toContain('✓ green');
    expect(await learner.type('pgrep --full scripts/lesson.mjs --count')).toBe('0\n');
  });

  it('leaves no process when it is killed', async () => {
    await learner.write(PROGRAM, 'setInterval(() => {}, 1000);\n', { append: false });
    await lesson('solution 04 test --write');
    const count = 'pgrep --full inside/runner --count';
    await learner.type(
      `node scripts/lesson.mjs check > /dev/null & until ${count} > /dev/null; do sleep 0.1; done; kill -KILL $!; wait $! 2>/dev/null`,
    );
    expect(
      await learner.type(`i=0; while ${count} > /dev/null && [ $((i += 1)) -lt 50 ]; do sleep 0.1; done; ${count}`),
    ).toBe('0\n');
  });

  it('opens a shell in the sandbox, and returns its status', async () => {
    await learner.type('npm run --silent lesson shell; status=$?');
    expect(await learner.type('id -u; findmnt --noheadings --output PROPAGATION /; touch /mnt/x && ls /mnt')).toBe(
      '0\nshared\nx\n',
    );
    await learner.type('exit 3');
    expect(await learner.type('echo $status; ls -A /mnt | grep -c ^x$')).toBe('3\n0\n');
  });
});
