/** The product's own code, started by a test behind a layer around what `ns-tool slave` records for its child. */
import { type Recorder, record, type SyscallName, sys } from '@ns-tool/syscalls';
import { main } from '../../../packages/ns-tool/src/cli.ts';
import { COMMANDS } from '../../../packages/ns-tool/src/commands.ts';
import { mutants } from '../../slave/mutants.ts';

const { MUTANT } = process.env;

const chosen = mutants.find(({ name }) => name === MUTANT);
if (MUTANT !== undefined && chosen === undefined) throw new Error(`no such mutant: ${MUTANT}`);

// All calls of all recorders come through one method.
type Append = (name: SyscallName, args: readonly unknown[]) => number;
let recorders: { append: Append } | undefined;
record((sys) => {
  recorders = Object.getPrototypeOf(sys);
});
const append = recorders?.append;
if (recorders === undefined || append === undefined) throw new Error('a recorder has no append any more');
let isInside = false;
recorders.append = function (this: Recorder, name, args) {
  // What a mutant records in place of a call is not changed again.
  if (chosen === undefined || isInside) return append.call(this, name, args);
  isInside = true;
  try {
    return chosen.record({ name, args, sys: this, append: (others = args) => append.call(this, name, others) });
  } finally {
    isInside = false;
  }
};

const [node = '', script = '', ...argv] = process.argv;
main({ loadSys: async () => sys, self: [node, script], argv }, COMMANDS).then((outcome) => {
  if (typeof outcome === 'number') process.exitCode = outcome;
  else process.kill(process.pid, outcome);
});
