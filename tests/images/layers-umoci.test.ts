/** Held against umoci, which no one here wrote: all layers of an image, one over the other. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unpackLayer, unpackRoot } from '@ns-tool/images';
import { describe, expect, it } from 'vitest';
import { needsRoot } from '../support/privilege.ts';
import { inventory } from './inventory.ts';
import { comparable, FIRST, layersOf, makeImage, mounted, OF_ROOT, umoci } from './three-layers.ts';
import {
  directoryOfUser,
  type Job,
  runAsUser,
  temporaryDirectory,
  unpackAsUser,
  unpackRootAsUser,
} from './unpacking.ts';

const noRoot = needsRoot('layers held against umoci');
const noUmoci = spawnSync('umoci', ['--version']).error !== undefined;
if (noUmoci) console.warn('skipped, since umoci is not installed: layers held against what it unpacks');

describe.skipIf(noRoot || noUmoci)(
  'the layers of an image, mounted one over the other or unpacked together, are what umoci unpacks',
  () => {
    it('as root', async () => {
      const directory = temporaryDirectory();
      makeImage(
        directory,
        `${FIRST}\n${OF_ROOT}`,
        (command, args) => execFileSync(command, args, { cwd: directory, stdio: 'pipe' }),
        true,
      );
      umoci(directory, ['raw', 'unpack', '--image', 'image:three', 'expected']);
      const layers = layersOf(directory);
      for (const { file, diffId, to } of layers) {
        mkdirSync(to);
        await unpackLayer(createReadStream(file), to, { diffId });
      }
      const merged = await mounted(
        layers.map(({ to }) => to),
        'index=off',
      );
      expect(comparable(merged)).toEqual(comparable(join(directory, 'expected')));
      expect(Object.keys(inventory(merged)).length).toBeGreaterThan(20);

      const together = join(directory, 'together');
      mkdirSync(together);
      expect(await unpackRoot(archivesOf(layers), together)).toMatchObject(layers.map(({ diffId }) => ({ diffId })));
      expect(comparable(join(together, 'fs'))).toEqual(comparable(join(directory, 'expected')));
    });

    it('as an ordinary user', async () => {
      const directory = directoryOfUser();
      const asUser = (command: string, args: readonly string[]) => runAsUser(directory, command, args);
      makeImage(directory, FIRST, asUser, false);
      asUser('umoci', ['raw', 'unpack', '--rootless', '--image', 'image:three', 'expected']);
      const layers = layersOf(directory);
      expect(unpackAsUser(directory, layers)).toMatchObject(layers.map(({ diffId }) => ({ diffId })));

      const merged = await mounted(
        layers.map(({ to }) => to),
        'userxattr',
      );
      expect(comparable(merged)).toEqual(comparable(join(directory, 'expected')));

      const together = join(directory, 'together');
      expect(unpackRootAsUser(directory, archivesOf(layers), together)).toMatchObject(
        layers.map(({ diffId }) => ({ diffId })),
      );
      expect(comparable(join(together, 'fs'))).toEqual(comparable(join(directory, 'expected')));
    });
  },
);

const archivesOf = (layers: readonly Job[]) => layers.map(({ file, diffId }) => ({ path: file, diffId }));
