/** Lesson 05: the tests of propagation.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { mkdirSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { parseMountinfo, propagationOf } from '@ns-tool/mount-table';
import { beforeAll, expect, it } from 'vitest';

const program = `${import.meta.dirname}/propagation.ts`;
const directory = '/mnt/states';
beforeAll(() => mkdirSync(directory));

it.todo('makes mounts in all five states');

it.todo('shows who receives what is mounted on each');

it.todo('causes no mount event outside, and leaves nothing in the directory');
