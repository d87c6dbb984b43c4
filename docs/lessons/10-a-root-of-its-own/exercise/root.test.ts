/** Lesson 10: the tests of root.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/root.ts`;

it.todo('shows the command the directory as / and as its working directory, and ends with its status');

it.todo('leaves the command the mounts of the directory, and none of the old root');

it.todo('leaves no way out: not by chroot, not by an open directory');

it.todo('causes no mount event outside');
