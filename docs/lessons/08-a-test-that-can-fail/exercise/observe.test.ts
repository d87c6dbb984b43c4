/** Lesson 08: the tests of observe.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/observe.ts`;

it.todo('sees nothing of a command that mounts in a namespace of its own');

it.todo('sees a leak that stays');
