/** Lesson 09: the tests of devices.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/devices.ts`;

it.todo('gives the command a directory with the names that programs expect, and ends with its status');

it.todo('makes each of them the device that its name promises, for everybody');

it.todo('makes devices that can be opened, and nothing outside');
