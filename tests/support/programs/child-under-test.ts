/**
 * The product's own code, started by the supervisor behind a layer around the programs of its children.
 *
 * It reports what the product would do by itself: the program of the child that is meant, and the flags of the clone(2).
 */
import { writeSync } from 'node:fs';
import { F_SETFD, O_CLOEXEC, type Program, showCall, sys } from '@ns-tool/syscalls';
import { main } from '../../../packages/ns-tool/src/cli.ts';
import { COMMANDS } from '../../../packages/ns-tool/src/commands.ts';
import { GO_ON, STOPPED } from '../changes.ts';
import { changeProgram } from '../layers/layout.ts';
import { changeClone } from '../layers/native.ts';
import type { Changes, RecordedStep, Report } from '../supervised.ts';

const REPORT = 3;

// The supervisor's descriptors: out of the way of those that a command gets.
for (const [from, to] of [
  [4, STOPPED],
  [5, GO_ON],
] as const) {
  sys.dup3(from, to, O_CLOEXEC);
  sys.close(from);
}
// Left open as others leave them, in a process that starts this one or in a library. Node opens its own close-on-exec.
sys.fcntl(REPORT, F_SETFD, 0);
sys.dup3(REPORT, 60, 0);

const { changes = [], of = 0, pause = 0 } = JSON.parse(process.env.CHANGES ?? '{}') as Changes;
delete process.env.CHANGES;

let meant: Program | undefined;
changeProgram(of, changes, (program) => {
  meant = program;
});
let isReported = false;
changeClone(changes, pause, (cloneFlags) => {
  if (meant === undefined || isReported) return;
  writeSync(REPORT, `${JSON.stringify({ program: recorded(meant), cloneFlags } satisfies Report)}\n`);
  isReported = true;
});

const [node = '', script = '', ...argv] = process.argv;
main({ loadSys: async () => sys, self: [node, script], argv }, COMMANDS).then((outcome) => {
  if (typeof outcome === 'number') process.exitCode = outcome;
  else process.kill(process.pid, outcome);
});

function recorded(program: Program): RecordedStep[] {
  return program.map((step) => ({ ...step, shown: showCall(step.name, step.args) }));
}
