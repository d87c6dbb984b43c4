/** The tests of namespaces.ts. */
import { readdirSync, readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { CLONE_NEWTIME, sys } from '@ns-tool/syscalls';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/namespaces.ts`;

it('prints the mount namespace', () => {
  const { status, stdout } = run(program);
  expect(stdout).toMatch(/^mnt \d+$/m);
  expect(status).toBe(0);
});

/** The namespaces that a child of this process is in. For two kinds they can differ from those of this process. */
function namespacesOfChildren(): string[] {
  const files = readdirSync('/proc/self/ns');
  const kinds = files.filter((file) => !file.includes('_')).sort();
  return kinds.map((kind) => {
    const forChildren = `${kind}_for_children`;
    const link = readlinkSync(`/proc/self/ns/${files.includes(forChildren) ? forChildren : kind}`);
    return link.replace(/^(\w+):\[(\d+)\]$/, '$1 $2'); // 'mnt:[4026532177]'
  });
}

it('prints each namespace it is in, and nothing else', () => {
  const { status, stdout } = run(program);
  expect(stdout.trimEnd().split('\n')).toEqual(namespacesOfChildren());
  expect(status).toBe(0);
});

it('tells of itself, where its parent is in another namespace', () => {
  sys.unshare(CLONE_NEWTIME); // From now on the children of this process are in a new time namespace. It is not.
  const { status, stdout } = run(program);
  expect(stdout.trimEnd().split('\n')).toEqual(namespacesOfChildren());
  expect(status).toBe(0);
});
