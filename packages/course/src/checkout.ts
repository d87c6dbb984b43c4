import { resolve } from 'node:path';

/** The folder that holds this repository. */
export const CHECKOUT = resolve(import.meta.dirname, '../../..');
