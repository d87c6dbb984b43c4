/** A command that is stopped, as by Ctrl-Z or by the shell's own suspend: ns-tool stops with it, and goes on with it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it, vi } from 'vitest';

const TOOL = fileURLToPath(new URL('../../packages/ns-tool/dist/bin/ns-tool.cjs', import.meta.url));

/** The state of a process: `T` if it is stopped. */
const stateOf = (pid: number) => /^State:\t(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

it('ns-tool stops when its command is stopped, and the command goes on when ns-tool does', async () => {
  const words = [TOOL, 'unshare', 'sh', '-c', 'echo before; kill -STOP $$; echo after; exit 3'];
  const running = execa(process.execPath, words, { reject: false, timeout: 20_000 });
  const pid = running.pid as number;
  await vi.waitFor(() => expect(stateOf(pid)).toBe('T'), { timeout: 10_000 });
  process.kill(pid, 'SIGCONT');
  expect(await running).toMatchObject({ stdout: 'before\nafter', exitCode: 3 });
});
