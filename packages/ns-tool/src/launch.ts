/** The command as one starts it: `ns-tool mount` is a bundle of its own, smaller than the whole command. */
import process from 'node:process';
import { startCached } from './cached.ts';

startCached(`${import.meta.dirname}/${process.argv[2] === 'mount' ? 'mount' : 'command'}.cjs`);
