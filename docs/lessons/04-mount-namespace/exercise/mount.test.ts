/** Lesson 04: the tests of mount.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/mount.ts`;

it.todo('shows a tmpfs in its own mount table');

it.todo('causes no mount event in the parent while it runs');

it.todo('leaves no directory behind');
