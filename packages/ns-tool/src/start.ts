import process from 'node:process';
import { main } from './cli.ts';
import type { Commands } from './command.ts';

const loadSys = async () => (await import('@ns-tool/syscalls')).sys;

/** Runs this process's command line, and ends as the command says. */
export function start(commands: Commands): void {
  // Until a command is run, signals keep their default action and end the process at once: the kernel removes the namespace.
  const [node = '', script = '', ...argv] = process.argv;
  main({ loadSys, self: [node, script], argv }, commands).then((outcome) => {
    if (typeof outcome === 'number') process.exitCode = outcome;
    else process.kill(process.pid, outcome);
  });
}
