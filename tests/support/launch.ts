/** Starts a version of the command that is under test, as the command itself is started. */
import { basename } from 'node:path';
import { startCached } from '../../packages/ns-tool/src/cached.ts';

startCached(`${import.meta.dirname}/versions/${basename(import.meta.filename)}`);
