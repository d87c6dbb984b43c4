/** TypeScript programs as JavaScript, for a Node that runs no TypeScript. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { compiledFile } from './run.ts';

/** Some forty modules, which Node would look for one by one in each of the some forty runs of a check. */
const TAKEN_IN = /^@ns-tool\/(syscalls|mount-table)$/;

/** koffi loads its native half from its own folder, so it stays there. */
const KOFFI = createRequire(import.meta.resolve('@ns-tool/syscalls')).resolve('koffi');

/** Which packages become part of a program's module. */
const packages: Plugin = {
  name: 'packages',
  setup({ onResolve }) {
    onResolve({ filter: /^koffi$/ }, () => ({ path: KOFFI, external: true }));
    onResolve({ filter: /^[^./]/ }, ({ path }) => (TAKEN_IN.test(path) ? undefined : { path, external: true }));
  },
};

/** Translates programs, given by their absolute paths, each into one module. One that does not compile says so when it runs. */
export async function compile(programs: readonly string[]): Promise<void> {
  await Promise.all(programs.map(compileOne));
}

async function compileOne(program: string): Promise<void> {
  const outfile = compiledFile(program);
  try {
    await build({
      entryPoints: [program],
      outfile,
      bundle: true,
      plugins: [packages],
      platform: 'node',
      format: 'esm',
      sourcemap: 'inline',
      logLevel: 'silent',
    });
  } catch (error) {
    mkdirSync(dirname(outfile), { recursive: true });
    writeFileSync(outfile, `throw new SyntaxError(${JSON.stringify((error as Error).message)});\n`);
  }
}
