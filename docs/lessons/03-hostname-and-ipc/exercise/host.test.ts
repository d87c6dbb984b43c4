/** Lesson 03: the tests of host.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/host.ts`;

it.todo('runs the command under the host name, and ends with its status');

it.todo('leaves no shared memory outside');

it.todo('keeps the host name outside as it is while the command runs');

it.todo('keeps the shared memory of outside from the command');
