/** Lesson 14: the tests of container.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/container.ts`;

it.todo('shows the command its own processes and host name, and ends with its status');

it.todo('gives it namespaces of its own, of every kind');

it.todo('leaves it mounts of its own, none of the old root, and no way back');

it.todo('gives it devices that work, and a loopback that is up');

it.todo('takes from it the rights and the environment of outside');

it.todo('keeps the directory as it is, and every mount outside');
