/**
 * Broken versions of the demonstrations: the built command with one thing changed in its text. spawn() makes its calls in
 * the child, where no layer around `sys` reaches.
 */
import { cpSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAssertion } from '../support/assertion.ts';
import { needsRoot } from '../support/privilege.ts';
import { Stand } from '../support/stand.ts';
import { checkFacts, type Kind, kinds, namespacesMade, type Tool } from './checks.ts';

interface Mutant {
  readonly name: string;
  readonly kind: Kind['name'];
  /** What is changed: patterns that occur in the bundle, and what stands there instead. */
  readonly changes: readonly (readonly [RegExp, string])[];
}

/** Sets the host name to what it is, so that the host is unharmed without a namespace. */
const keepsHostName = [/\.sethostname\("ns-tool"\)/, `.sethostname(${JSON.stringify(hostname())})`] as const;

const noOffsets = [/timeOffsets:\{monotonic:\w+,boottime:\w+\}/, ''] as const;

const mutants: readonly Mutant[] = [
  { name: 'no pid namespace', kind: 'pid', changes: [[/namespaces:\["pid","mount"\]/, 'namespaces:["mount"]']] },
  { name: 'no UTS namespace', kind: 'uts', changes: [[/namespaces:\["uts"\]/, 'namespaces:[]'], keepsHostName] },
  { name: 'no IPC namespace', kind: 'ipc', changes: [[/namespaces:\["ipc"\]/, 'namespaces:[]']] },
  { name: 'no network namespace', kind: 'net', changes: [[/namespaces:\["net"\]/, 'namespaces:[]']] },
  {
    name: 'no user namespace',
    kind: 'user',
    changes: [[/(?<=link:"user",.*?)namespaces:\["user"\]/, 'namespaces:[]']],
  },
  { name: 'no cgroup namespace', kind: 'cgroup', changes: [[/namespaces:\["cgroup"\]/, 'namespaces:[]']] },
  { name: 'no time namespace', kind: 'time', changes: [[/namespaces:\["time"\]/, 'namespaces:[]'], noOffsets] },
  { name: 'the clocks not set', kind: 'time', changes: [noOffsets] },
  { name: 'one clock set', kind: 'time', changes: [[/(?<=timeOffsets:\{)monotonic:\w+,/, '']] },
  {
    name: 'no namespace made by clone3',
    kind: 'clone',
    changes: [[/(?<=CLONE_PARENT_SETTID)\|namespaceFlags\(byClone3\)/, '']],
  },
  { name: 'one namespace too many', kind: 'uts', changes: [[/namespaces:\["uts"\]/, 'namespaces:["uts","ipc"]']] },
  { name: 'another kind of namespace', kind: 'ipc', changes: [[/namespaces:\["ipc"\]/, 'namespaces:["cgroup"]']] },
  { name: 'the host name not changed', kind: 'uts', changes: [keepsHostName] },
  {
    name: 'the proc of the host inside',
    kind: 'pid',
    changes: [[/(?<=MS_PRIVATE,null\)),\w+\.mount\("proc","\/proc","proc",MS_NOSUID\|MS_NODEV\|MS_NOEXEC,null\)/, '']],
  },
  {
    name: 'the facts of outside given for those inside',
    kind: 'net',
    changes: [[/inside:demonstration\.facts\(inside\)/, 'inside:demonstration.facts(viewFromOutside("self"))']],
  },
  {
    name: 'the namespace outside given for that inside',
    kind: 'ipc',
    changes: [[/inside:namespaceId\(pid,/, 'inside:namespaceId("self",']],
  },
  {
    name: 'the IDs not mapped',
    kind: 'user',
    changes: [[/(?<="user"\)&&)\{idMaps:mapSelf\(\)\},(?=\.\.\.options)/, '{},']],
  },
];

const packageFolder = fileURLToPath(new URL('../../packages/ns-tool', import.meta.url));

/** A copy of the built command with these changes, started in place of the command itself. */
function changed({ kind, changes }: Pick<Mutant, 'kind' | 'changes'>): Tool {
  const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-mutant', mode: 0o755 });
  onTestFinished(removeCallback);
  const bin = join(folder, 'dist/bin');
  cpSync(join(packageFolder, 'dist/bin'), bin, { recursive: true });
  for (const file of readdirSync(bin)) if (file.endsWith('.cache')) rmSync(join(bin, file));
  // The checkout, where the stand has it.
  symlinkSync('/checkout/packages/ns-tool/node_modules', join(folder, 'node_modules'));
  const file = join(bin, 'command.cjs');
  const text = changes.reduce(
    (text, [pattern, replacement]) => {
      if (!pattern.test(text)) throw new Error(`the bundle does not contain ${pattern}`);
      return text.replace(pattern, () => replacement);
    },
    readFileSync(file, 'utf8'),
  );
  writeFileSync(file, text);
  const instead = `node=$1; shift 2; exec "$node" ${join(bin, 'ns-tool.cjs')} "$@"`;
  return (args) => ({ program: 'ns-tool', args: [kind, ...args], through: ['sh', '-c', instead, 'sh'] });
}

async function failure(kind: Kind, tool: Tool): Promise<unknown> {
  const stand = await Stand.forTest();
  try {
    await checkFacts(stand, kind, tool, namespacesMade(kind, false));
    return undefined;
  } catch (error) {
    if (!isAssertion(error)) throw error;
    return error;
  }
}

describe.skipIf(needsRoot('the checks of the demonstrations on mutants'))(
  'the demonstrations: the suite notices',
  () => {
    for (const kind of kinds) {
      it(`nothing wrong with ${kind.name} itself`, async () => {
        expect(await failure(kind, changed({ kind: kind.name, changes: [] }))).toBeUndefined();
      });
    }

    for (const mutant of mutants) {
      it(mutant.name, async () => {
        const kind = kinds.find(({ name }) => name === mutant.kind) as Kind;
        expect(await failure(kind, changed(mutant)), `no check notices: ${mutant.name}`).toBeDefined();
      });
    }

    it('the new proc seen by the host, which then has none of its own', async () => {
      const makesPrivate = /\w+\.mount\(null,"\/",null,MS_REC\|MS_PRIVATE,null\),(?=\w+\.mount\("proc","\/proc")/;
      const tool = changed({ kind: 'pid', changes: [[makesPrivate, '']] });
      const stand = await Stand.forTest();
      await expect(stand.run(tool([]))).rejects.toThrow('/proc/thread-self/mountinfo');
    });
  },
);
