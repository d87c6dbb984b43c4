/** Lesson 02: the tests of two-ways.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/two-ways.ts`;
const ours = readlinkSync('/proc/self/ns/pid');

it.todo('by unshare, the children are in the new namespace, and the process itself is not');

it.todo('by unshare, there is no second child when the first has ended');

it.todo('by clone, one child is in the new namespace, and nothing else has changed');
