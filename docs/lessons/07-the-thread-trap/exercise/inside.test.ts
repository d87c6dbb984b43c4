/** Lesson 07: the tests of inside.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeEach, expect, it } from 'vitest';

const program = `${import.meta.dirname}/inside.ts`;

it.todo('prints the text, by a child process that reads the copy');

it.todo('makes no file outside');

it.todo('causes no mount event outside');
