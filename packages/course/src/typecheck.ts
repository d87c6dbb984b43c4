/** What the compiler says of the learner's files. */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** An error of the compiler, in one of the learner's files. */
export interface TypeMistake {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Compiles a folder, by its tsconfig.json, without writing anything. */
export async function typecheck(folder: string): Promise<readonly TypeMistake[]> {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [tsc, '--noEmit', '--pretty', 'false', '--project', folder], { cwd: folder }, (_, out) =>
      resolve(out),
    );
  });
  return mistakesIn(output);
}

/** `mount.ts(3,14): error TS2304: Cannot find name 'mont'.` */
export function mistakesIn(output: string): readonly TypeMistake[] {
  return [...output.matchAll(/^(.*?)\((\d+),\d+\): error TS\d+: (.*)$/gm)].map(([, file = '', line, message = '']) => ({
    file,
    line: Number(line),
    message,
  }));
}
