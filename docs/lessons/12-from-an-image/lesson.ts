import type { Lesson } from '@ns-tool/course';

const DIGEST_DIFFERS = 'real !== digest';
const SIZE_DIFFERS = 'bytes.length !== size';
const DIFF_ID_DIFFERS = 'diffId !== config.rootfs.diff_ids[i]';

const SAME_LENGTH =
  'Change a blob that is in the layout already, and keep its length: another command of the same length in the config.';
const PLATFORMS = 'Put two images into the index. The one that you ask for is the second, and only its OS is another.';

export default {
  hints: [
    'The test first: it writes a layout into /mnt, with mkdirSync and writeFileSync. Make a function that puts a blob into it and returns its descriptor, { mediaType, digest, size }. An image is then three calls of it: the layers, the config that has their diff IDs, the manifest that has the descriptors of both.',
    'A layer need not be a real tar archive: the program does not unpack it. gzipSync of any text will do, and its diff ID is the digest of the text.',
    'In the program, one function takes a descriptor and returns the bytes: all three comparisons are there (is it a digest, is it the size, is it the digest of these bytes), and manifest, config and layers all come from it.',
    "createHash('sha256').update(bytes).digest('hex') is the digest of a layer as it is stored. For the diff ID, it is that of gunzipSync(bytes).",
    'Compare each diff ID with config.rootfs.diff_ids[i], collect them, and print when the last one is verified.',
  ],
  mutants: [
    {
      mistake: 'no blob is verified',
      change: [
        [DIGEST_DIFFERS, 'false'],
        [SIZE_DIFFERS, 'false'],
      ],
      hint: 'Append a byte to a layer that is in the layout already: gunzip does not mind it.',
    },
    {
      mistake: 'of a blob only the size is verified',
      change: [[DIGEST_DIFFERS, 'false']],
      hint: SAME_LENGTH,
    },
    {
      mistake: 'the config is not verified',
      change: [
        ['blob(manifest.config)', "readFileSync(join(layout, 'blobs', manifest.config.digest.replace(':', '/')))"],
      ],
      hint: SAME_LENGTH,
    },
    {
      mistake: 'the layers are not verified before they are unpacked',
      change: [
        [
          'const bytes = blob(layer);',
          "const bytes = readFileSync(join(layout, 'blobs', layer.digest.replace(':', '/')));",
        ],
      ],
      hint: 'A changed archive has another diff ID. Change the stored bytes so that the same archive comes out: bytes 4 to 7 of what gzip writes are a time.',
    },
    {
      mistake: 'a digest becomes a path unchecked: sha256:../../../secret is a file outside of the layout',
      change: [['/^sha256:([0-9a-f]{64})$/', '/^sha256:(.*)$/']],
      hint: 'It is refused in the end, but has been read. Make such a file, set its times to 0 with utimesSync, and look at atimeMs of statSync afterwards.',
    },
    {
      mistake: 'the first image of the index is taken, whatever its platform',
      change: [['its?.os === os && its?.architecture === architecture', 'its !== null']],
      hint: PLATFORMS,
    },
    {
      mistake: 'the layers come in the wrong order, the topmost first',
      change: [['of layers) console', 'of layers.reverse()) console']],
      hint: 'Make an image with several layers, and compare the whole output.',
    },
    {
      mistake: 'the digest of the compressed layer is taken for its diff ID',
      change: [
        [DIFF_ID_DIFFERS, 'false'],
        ["layer.mediaType.endsWith('+gzip') ? gunzipSync(bytes) : bytes", 'bytes'],
      ],
      hint: 'The diff ID is the digest of the archive, so compute it in the test before gzipSync.',
    },
    {
      mistake: 'the diff IDs are those that the layers have, and the config is not asked',
      change: [[DIFF_ID_DIFFERS, 'false']],
      hint: 'Make an image whose config names another diff ID than its layer has. Every digest of it is right.',
    },
  ],
  // Digests, their first digits and container IDs, this machine's architecture, and sizes of what is compressed.
  varies: [/\b[0-9a-f]{64}\b/, /\b[0-9a-f]{12}\b/, /\b(?:amd64|arm64)\b/, /(?<=\bsize"?: )\d+/],
} satisfies Lesson;
