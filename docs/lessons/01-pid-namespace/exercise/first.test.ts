/** Lesson 01: the tests of first.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { existsSync, mkdirSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { MS_BIND, sys } from '@ns-tool/syscalls';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/first.ts`;

it.todo('starts the command as PID 1, and tells its pid outside');

it.todo('ends with the status of the command');

it.todo('leaves the /proc outside as it is');
