/**
 * Random layers, held against umoci: what both can unpack, is the same. What they are, a seed says:
 *
 *     SEED=7 RUNS=200 npm test -- tests/images/layers-random.test.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageError, unpackRoot } from '@ns-tool/images';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { archive, directory, type Fields, file, gone, hardLink, opaque, symlink } from './archive.ts';
import { comparable, umoci } from './three-layers.ts';
import { temporaryDirectory } from './unpacking.ts';

const noRoot = needsRoot('random layers held against umoci');
const noUmoci = spawnSync('umoci', ['--version']).error !== undefined;
if (noUmoci) console.warn('skipped, since umoci is not installed: random layers held against what it unpacks');

// So few that they meet.
const name = fc.constantFrom('a', 'b', 'c');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const status = fc.record({
  uid: fc.constantFrom(0, 7),
  gid: fc.constantFrom(0, 8),
  // No set-group-ID: umoci has directories of which an archive says nothing inherit it.
  mode: fc.constantFrom(0o755, 0o700, 0o711, 0o1777, 0o4555),
  mtime: fc.nat(1000),
  pax: fc.dictionary(fc.constantFrom('SCHILY.xattr.user.x', 'SCHILY.xattr.user.y'), fc.constantFrom('1', '2')),
});
const added: fc.Arbitrary<Fields> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(path, status).map(([at, more]) => directory(at, more)) },
  { weight: 2, arbitrary: fc.tuple(path, fc.string(), status).map(([at, data, more]) => file(at, data, more)) },
  fc.tuple(path, path, fc.boolean()).map(([at, to, isAbsolute]) => symlink(at, isAbsolute ? `/${to}` : to)),
  fc.tuple(path, path).map(([at, to]) => hardLink(at, to)),
);
const hidden: fc.Arbitrary<Fields> = fc.oneof(path.map(gone), path.map(opaque));
const root: Fields = { name: './', type: '5', mode: 0o755, mtime: 1 };
/** Lowest first. There it hides nothing. */
const layers = fc
  .tuple(
    fc.array(added, { maxLength: 8 }),
    fc.array(fc.array(fc.oneof({ weight: 3, arbitrary: added }, hidden), { maxLength: 8 }), { maxLength: 2 }),
  )
  .map(([lowest, others]) => [lowest, ...others]);

const { SEED = '1', RUNS = '20' } = process.env;

describe.skipIf(noRoot || noUmoci)('random layers', () => {
  it(`are unpacked as umoci unpacks them (SEED=${SEED})`, { timeout: 600_000 }, async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(layers, async (all) => {
        const scratch = temporaryDirectory();
        const archives = all.map((entries, i) => {
          writeFileSync(join(scratch, `${i}.tar`), archive(root, ...entries));
          return { path: join(scratch, `${i}.tar`), diffId: null };
        });
        const together = join(scratch, 'together');
        mkdirSync(together);
        try {
          await unpackRoot(archives, together);
        } catch (error) {
          // What no layer should have umoci takes, or refuses, in its own way.
          if (error instanceof ImageError && error.code === 'corrupt') return;
          throw error;
        }
        umoci(scratch, ['init', '--layout', 'image']);
        umoci(scratch, ['new', '--image', 'image:1']);
        for (const { path: layer } of archives) umoci(scratch, ['raw', 'add-layer', '--image', 'image:1', layer]);
        // It has no directory take the place of a file by what is in it.
        const args = ['raw', 'unpack', '--image', 'image:1', 'expected'];
        if (spawnSync('umoci', args, { cwd: scratch }).status !== 0) return;
        expect(seen(join(together, 'fs'))).toEqual(seen(join(scratch, 'expected')));
        compared += 1;
      }),
      { seed: Number(SEED), numRuns: Number(RUNS) },
    );
    expect(compared).toBeGreaterThan(0);
  });
});

/** Without the times of directories: umoci forgets them where it makes something in one afterwards. */
function seen(tree: string) {
  return Object.fromEntries(
    Object.entries(comparable(tree)).map(([at, { mtime, ...others }]) => [
      at,
      { ...others, mtime: others.mode.startsWith('4') ? null : mtime },
    ]),
  );
}
