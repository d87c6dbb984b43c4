/**
 * What those in a container can do with a process that joins it: from setns(2) to execve(2) it is ns-tool, with ns-tool's
 * program, memory and descriptors. ptrace(2), "Ptrace access mode checking"
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AT_FDCWD, NAMESPACE_KINDS, O_CLOEXEC, O_RDWR, POLLIN, PR_GET_DUMPABLE, spawn, sys } from '@ns-tool/syscalls';
import { type RunOptions, run } from 'ns-tool';
import { beforeAll, describe, expect, it } from 'vitest';
import { execOptions } from '../../packages/ns-tool/src/container/exec.ts';
import { insideOf } from '../../packages/ns-tool/src/container/inside.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { makeRootfs, needsBusybox } from './rootfs.ts';

const isRoot = process.geteuid?.() === 0;

/** Waits for a process to come, tells what it can get of it, and lets it go on. Its own are beside it and PID 1. */
const HUNT = `read line < /d/here
for process in /proc/[0-9]*; do
  [ $process = /proc/1 ] && continue
  readlink $process/exe
  (exec 3<>$process/mem) 2> /dev/null && echo memory
  cat $process/environ 2> /dev/null | wc -c
  for fd in $process/fd/*; do readlink $fd; done | wc -l
done > /d/found
echo > /d/go
sleep 100`;

/** Where the process that joins waits, as a descriptor that it is not given otherwise. */
const WAITS = 200;
const PATIENCE = 20_000;

describe.skipIf(needsBusybox('joining a container'))('a process that joins a container', () => {
  const scratch = scratchDirectory();
  const rootfs = join(scratch, 'rootfs');
  const places = { store: join(scratch, 'store'), states: join(scratch, 'states') };
  beforeAll(() => makeRootfs(rootfs));

  it.each<[string, RunOptions]>([
    ['', {}],
    // To trace processes of whom one may not otherwise, in the user namespace of an ordinary user's container.
    ...(isRoot ? [] : [[', who may trace any of theirs', { capAdd: ['SYS_PTRACE'] }] as [string, RunOptions]]),
  ])('shows those in it nothing of ns-tool%s', async (_, options) => {
    const shared = mkdtempSync(join(scratch, 'shared-'));
    for (const name of ['here', 'go']) execFileSync('mkfifo', [join(shared, name)]);
    const mounts = [{ type: 'bind', source: shared, target: '/d' }] as const;
    const container = await run(rootfs, ['sh', '-c', HUNT], { ...places, mounts, ...options });
    const pidfd = sys.pidfd_open(container.pid, 0);
    const kinds = NAMESPACE_KINDS.filter((kind) => kind !== 'time' && (kind !== 'user' || !isRoot));
    const inside = execOptions(pidfd, kinds, insideOf(container.pid), { env: {}, workingDir: '/' });
    const { exited } = await spawn('true', [], {
      ...inside,
      setup(sys) {
        inside.setup?.(sys);
        // Opened for both, so that nobody waits for a process that may not come.
        const open = (name: string) => sys.openat(AT_FDCWD, `/d/${name}`, O_RDWR | O_CLOEXEC);
        sys.write(open('here'), '.\n');
        sys.dup3(open('go'), WAITS, O_CLOEXEC);
        sys.poll([{ fd: WAITS, events: POLLIN }], PATIENCE);
      },
    });
    expect((await exited).status).toBe(0);
    container.kill('SIGKILL');
    await container.exited;
    sys.close(pidfd);
    expect(readFileSync(join(shared, 'found'), 'utf8')).toBe('0\n0\n');
    // It shares this process's memory, and had to take that from those in the container as well.
    expect(sys.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)).toBe(1);
  });
});
