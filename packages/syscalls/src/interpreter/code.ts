/** The interpreter as machine code: x86-64.S and arm64.S of this folder, assembled. */
import type { Architecture } from '../platform.ts';

/**
 * What a new child runs: it walks a list of steps, each a system call, and never returns.
 *
 * Position independent, without data, for a page that may be executed. To be called as `int fn(void *firstStep)`, which
 * is clone(2)'s `fn`; the layout of a step stands in the sources. Kept as bytes so that nobody who installs the package
 * needs an assembler. tests/syscalls/interpreter.test.ts assembles the sources and compares.
 */
export const interpreter: Readonly<Record<Architecture, Uint8Array>> = {
  x64: bytes(`
    4889fb488b034885c078718b4b40488b7b08d1e97303488b3f488b7310d1e973
    03488b36488b5318d1e97303488b124c8b5320d1e973034d8b124c8b4328d1e9
    73034d8b004c8b4b30d1e973034d8b090f0548894338483d01f0ffff720d488b
    4b48e318f7d80fa3017311f643404074054885c075064883c350eb87bf7f0000
    00b8e70000000f050f0b
  `),
  arm64: bytes(`
    f30300aa680240f92804f8b7608640a9628e41a9649642a9692240f949000036
    000040f949000836210040f949001036420040f949001836630040f949002036
    840040f949002836a50040f9010000d4601e00f91ffc3fb103010054692640f9
    690100b4e003004b017c0553297961b82925c01ac9000036692240f949003036
    600000b573420191dfffff17e00f80d2c80b80d2010000d400000000
  `),
};

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}
