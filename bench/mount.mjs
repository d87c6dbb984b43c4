// pnpm bench: what `ns-tool mount` costs, against bare Node, against the same job in shell, and step by step.
//
//     node bench/mount.mjs [--short] [--node PATH]... [--keep-environment]
//
// Variables such as NODE_OPTIONS and NODE_EXTRA_CA_CERTS change how long every Node takes to start, bare Node too, so a
// ratio would depend on them: they are left out unless asked for.
//
// All figures of a table come from one run of this program in which what is compared was measured in turn. Ratios carry
// over to other machines, milliseconds do not.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { compareCalls } from './calls.mjs';
import { machine, nodeVersion, utilLinuxVersion } from './machine.mjs';
import { repeatMount } from './repeated-mount.mjs';
import { againstBareNode, againstShell, breakdown, callByCall, callsAlone, steadiness } from './report.mjs';
import { timesInTurn } from './rounds.mjs';
import { shellEquivalent } from './shell.mjs';
import { anyProcess, bundle, checkSteps, stepsOf } from './startup.mjs';

/** @import { Steps } from './startup.mjs' */
/** @import { Program } from './timed-process.mjs' */

const EFFORTS = {
  full: {
    processes: { warmUps: 3, rounds: 100, seconds: 100 },
    mounts: { processes: 15, iterations: 200, seconds: 1 },
    calls: { seconds: 5 },
  },
  short: {
    processes: { warmUps: 2, rounds: 15, seconds: 9 },
    mounts: { processes: 5, iterations: 100, seconds: 0.5 },
    calls: { seconds: 1 },
  },
};

const isRoot = process.geteuid?.() === 0;

const values = readArguments();
const effort = values.short ? EFFORTS.short : EFFORTS.full;
const binaries = values.node.length > 0 ? values.node : [process.execPath];

const forNode = Object.keys(process.env).filter((name) => name.startsWith('NODE_'));
// The children inherit what is left.
if (!values['keep-environment']) for (const name of forNode) delete process.env[name];

/** @type {NodeJS.Signals | undefined} */
let endedBy;
const interruption = new AbortController();
const interrupt = (/** @type {NodeJS.Signals} */ signal) => {
  endedBy = signal;
  interruption.abort();
};
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, interrupt);
// Nobody reads on, as in `pnpm bench | head`.
process.stdout.on('error', () => {
  process.exitCode = 1;
  interruption.abort();
});

const folder = mkdtempSync(path.join(tmpdir(), 'ns-tool-bench-'));
try {
  await bench();
} catch (error) {
  if (!interruption.signal.aborted) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (endedBy !== undefined) {
  process.removeAllListeners(endedBy);
  process.kill(process.pid, endedBy);
}

async function bench() {
  if (!existsSync(bundle)) throw new Error('ns-tool is not built: pnpm build');
  const nodes = await Promise.all(binaries.map(describedNode));
  const utilLinux = await utilLinuxVersion();
  console.log(machine());
  for (const { version, steps } of nodes) {
    const { codeCache } = await checkSteps(steps);
    console.log(`Node ${version}, ns-tool ${codeCache ? 'with' : 'without'} a code cache for it`);
  }
  console.log(`util-linux ${utilLinux ?? 'is missing'}`);
  if (forNode.length > 0) console.log(`${forNode.join(', ')}: ${values['keep-environment'] ? 'as set' : 'left out'}`);
  if (!isRoot) console.log('Skipped, because they take root: ns-tool mount, its shell equivalent, the calls alone.');
  else if (utilLinux === undefined) console.log('Skipped, because there is no unshare(1): the shell equivalent.');

  const shell = isRoot && utilLinux !== undefined ? [shellEquivalent(path.join(folder, 'mount'))] : [];
  const programs = [anyProcess, ...shell, ...nodes.flatMap(({ steps }) => runnable(steps))];
  const measured = await timesInTurn(programs, effort.processes, interruption.signal);
  const timesOf = (/** @type {Program} */ program) => measured.get(program) ?? [];
  console.log(`Whole processes: medians of ${timesOf(anyProcess).length} runs of each, in turn.`);

  if (isRoot) {
    const wholes = nodes.map(({ version, steps: { bare, whole } }) => ({
      version,
      bare: timesOf(bare),
      whole: timesOf(whole),
    }));
    show('ns-tool mount against bare Node', againstBareNode(wholes));
    for (const program of shell)
      show('ns-tool mount against its shell equivalent', againstShell(wholes, timesOf(program)));
  }

  for (const { version, steps } of nodes) {
    const rows = [anyProcess, ...runnable(steps)].map((step) => ({ what: step.what, times: timesOf(step) }));
    show(`Where the time goes, Node ${version}`, breakdown(rows, timesOf(steps.bare)));
  }

  for (const { node, version, steps } of nodes) {
    if (!isRoot) break;
    const repeated = await repeatMount(node, effort.mounts, interruption.signal);
    show(
      `The calls alone, Node ${version}`,
      `${callsAlone(repeated, timesOf(steps.whole))}\n\n${steadiness(repeated)}`,
    );
  }

  for (const { node, version } of nodes) {
    const calls = await compareCalls(node, effort.calls, interruption.signal);
    show(`@ns-tool/syscalls against fs, per call, Node ${version}`, callByCall(calls));
  }
}

/**
 * The steps that can be taken here, in order.
 * @param {Steps} steps
 */
function runnable(steps) {
  return Object.values(steps).filter(({ needsRoot }) => isRoot || !needsRoot);
}

/** What was asked for. Ends this process where that makes no sense. */
function readArguments() {
  try {
    return parseArgs({
      options: {
        short: { type: 'boolean', default: false },
        node: { type: 'string', multiple: true, default: [] },
        'keep-environment': { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    console.error(`bench: ${error instanceof Error ? error.message : error}`);
    process.exit(2);
  }
}

/** @param {string} node */
async function describedNode(node) {
  return { node, version: await nodeVersion(node), steps: stepsOf(node) };
}

/**
 * @param {string} title
 * @param {string} content
 */
function show(title, content) {
  console.log(`\n${title}\n\n${content}`);
}
