/** Lesson 06: the tests of slave.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/slave.ts`;

it.todo('ends with the status of the command, or 128 and the number of the signal that ended it');

it.todo('keeps mounted outside what is unmounted inside');

it.todo('shows inside what is mounted outside meanwhile, as long as it is mounted there');

it.todo('leaves no mount inside that is shared');
