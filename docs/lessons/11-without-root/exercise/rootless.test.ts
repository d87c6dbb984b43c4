/** Lesson 11: the tests of rootless.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { mkdirSync, openSync, readdirSync, statSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { POLLPRI, sys } from '@ns-tool/syscalls';
import { beforeEach, expect, it } from 'vitest';

const program = `${import.meta.dirname}/rootless.ts`;

it.todo('runs the command as root, and ends with its status');

it.todo('gives the command a tmpfs of its own, and mounts that no mount outside reaches');

it.todo('makes it root of a user namespace with one user and one group, who are those outside');
