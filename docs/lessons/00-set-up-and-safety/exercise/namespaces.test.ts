/** Lesson 00: the tests of namespaces.ts. Each it.todo is yours to write; until then there is nothing to run. */
import { readdirSync, readlinkSync } from 'node:fs';
import { run } from '@ns-tool/course';
import { expect, it } from 'vitest';

const program = `${import.meta.dirname}/namespaces.ts`;

it.todo('prints the mount namespace');

it.todo('prints each namespace it is in, and nothing else');

it.todo('tells of itself, where its parent is in another namespace');
