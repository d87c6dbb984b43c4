/** Lesson 13: the tests of enter.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { type Child, MS_PRIVATE, MS_REC, spawn } from '@ns-tool/syscalls';
import { afterAll, beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/enter.ts`;

// The process whose namespaces are joined. It is there before the tests, and ends after them.
let target: Child;

it.todo('runs the command under the host name of the target, and ends with its status');

it.todo('puts the command into all four namespaces of the target');

it.todo('runs the command in the root directory');

it.todo('tells by its own status of a signal that ended the command');
