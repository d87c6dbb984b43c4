import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { spawn } from '@ns-tool/syscalls';
import { CHECKOUT } from '../checkout.ts';
import { sandbox } from '../sandbox.ts';
import { explain } from '../try-out.ts';

/** `npm run lesson shell`: a root shell in a sandbox, to try things in. Returns the shell's own status. */
export async function shell(): Promise<number> {
  const options = sandbox(null);
  const ignored = () => {};
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, ignored); // Ctrl-C is for what runs in the shell.
  const child = await spawn('bash', isatty(0) ? ['--norc', '-i'] : ['--norc'], {
    ...options,
    cwd: CHECKOUT,
    env: { ...options.env, PS1: '# ', HISTFILE: '' },
  }).catch(explain);
  const { status, signal } = await child.exited;
  return signal === null ? (status ?? 1) : 128 + constants.signals[signal];
}
