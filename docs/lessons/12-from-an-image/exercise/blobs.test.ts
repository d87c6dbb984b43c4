/** Lesson 12: the tests of blobs.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/blobs.ts`;
const layout = '/mnt/layout';

it.todo('prints the command, and the diff IDs of the layers from the lowest to the topmost');

it.todo('refuses a blob that has changed');

it.todo('takes the image for the platform, and no other');

it.todo('reads no file outside of the layout');
