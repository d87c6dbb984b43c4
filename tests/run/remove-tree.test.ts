import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { removeTree } from '../../packages/ns-tool/src/container/remove-tree.ts';
import { scratchDirectory } from '../support/scratch.ts';

const scratch = scratchDirectory();

describe('removing a tree', () => {
  it('removes all of it, also names that are not UTF-8, and what links lead to it leaves', () => {
    const [tree, kept] = [join(scratch, 'tree'), join(scratch, 'kept')];
    mkdirSync(kept);
    writeFileSync(join(kept, 'file'), '');
    mkdirSync(join(tree, 'a/b/c'), { recursive: true });
    writeFileSync(join(tree, 'a/file\n'), '');
    const bytes = (name: Buffer) => Buffer.concat([Buffer.from(`${tree}/`), name]);
    mkdirSync(bytes(Buffer.of(0xff)));
    writeFileSync(bytes(Buffer.from('\xfe', 'latin1')), '');
    symlinkSync(kept, join(tree, 'a/link'));
    symlinkSync('none', join(tree, 'a/dangling'));
    execFileSync('mkfifo', [join(tree, 'fifo')]);
    removeTree(tree);
    expect(existsSync(tree)).toBe(false);
    expect(readdirSync(kept)).toEqual(['file']);
  });

  it('does nothing where there is none', () => {
    expect(() => removeTree(join(scratch, 'none'))).not.toThrow();
  });

  it('tells what it cannot remove', () => {
    const file = join(scratch, 'file');
    writeFileSync(file, '');
    expect(() => removeTree(file)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
    expect(existsSync(file)).toBe(true);
  });

  it('opens directories that are closed to their owner', () => {
    const tree = join(scratch, 'closed');
    const script = `import { mkdirSync, writeFileSync, chmodSync } from 'node:fs';
      import { removeTree } from ${JSON.stringify(fileURLToPath(new URL('../../packages/ns-tool/dist/container/remove-tree.js', import.meta.url)))};
      mkdirSync('${tree}/work/work', { recursive: true });
      writeFileSync('${tree}/work/work/file', '');
      for (const path of ['${tree}/work/work', '${tree}/work']) chmodSync(path, 0);
      removeTree('${tree}');`;
    const [uid, gid] =
      process.geteuid?.() === 0 ? [54321, 54321] : [process.geteuid?.() ?? 0, process.getegid?.() ?? 0];
    mkdirSync(tree, { mode: 0o777 });
    execFileSync('chmod', ['777', tree, scratch]);
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { uid, gid, stdio: ['ignore', 2, 2] });
    expect(existsSync(tree)).toBe(false);
  });
});
