import process from 'node:process';
import { main } from './cli.ts';

const loadSys = async () => (await import('@ns-tool/syscalls')).sys;

// Until a command is run, signals keep their default action and end the process at once: the kernel removes the namespace.
const [node = '', script = '', ...argv] = process.argv;
main({ loadSys, self: [node, script], argv }).then((outcome) => {
  if (typeof outcome === 'number') process.exitCode = outcome;
  else process.kill(process.pid, outcome);
});
