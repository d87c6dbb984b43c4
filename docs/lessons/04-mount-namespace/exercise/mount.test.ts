/** Lesson 04: the tests of mount.ts. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/mount.ts`;

it.todo('shows a tmpfs in its own mount table');

it.todo('causes no mount event in the parent while it runs');

it.todo('leaves no directory behind');
