/** TypeScript programs as JavaScript, for a Node that runs no TypeScript. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { build } from 'esbuild';
import { compiledFile } from './run.ts';

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
      packages: 'external',
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
