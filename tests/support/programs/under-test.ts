/**
 * The product's own code, started by a test behind a layer around its system calls: a mutant or a fault of its choice.
 *
 * Each call is written to descriptor 3 when it has returned, so that a test knows which there are.
 */
import { writeSync } from 'node:fs';
import { interpose, type Sys, showCall, sys } from '@ns-tool/syscalls';
import { main } from '../../../packages/ns-tool/src/cli.ts';
import { COMMANDS } from '../../../packages/ns-tool/src/commands.ts';
import { type Fault, withFault } from '../faults.ts';
import { mutants } from '../mutants.ts';

const { MUTANT, FAULT } = process.env;

const chosen = MUTANT === undefined ? undefined : mutants.find(({ name }) => name === MUTANT);
if (MUTANT !== undefined && chosen === undefined) throw new Error(`no such mutant: ${MUTANT}`);

let layered: Sys = reported(sys);
if (chosen !== undefined) layered = chosen.wrap(layered);
if (FAULT !== undefined) layered = withFault(layered, JSON.parse(FAULT) as Fault);

const [node = '', script = '', ...argv] = process.argv;
main({ loadSys: async () => layered, self: [node, script], argv }, COMMANDS).then((outcome) => {
  if (typeof outcome === 'number') process.exitCode = outcome;
  else process.kill(process.pid, outcome);
});

function reported(sys: Sys): Sys {
  return interpose(sys, ({ name, args, perform }) => {
    try {
      return perform();
    } finally {
      writeSync(3, `${showCall(name, args)}\n`);
    }
  });
}
