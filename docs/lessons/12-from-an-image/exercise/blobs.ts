/**
 * Lesson 12: reads an image, and uses no byte of it that is not verified.
 *
 * Its arguments are a directory with an OCI layout, and a platform, OS/ARCHITECTURE. In `index.json` there, the program
 * finds the manifest for the platform; in the manifest, the config and the layers. It verifies the size and the digest
 * of each of these blobs before it uses them, and of each layer the diff ID that the config has for it. Then it prints
 *
 * 1. the command of the image: the config's Entrypoint and Cmd, whichever there are, with spaces between the words,
 * 2. a line for each layer, the lowest first: its diff ID.
 *
 * A layer is stored as a tar archive, or compressed with gzip if its media type ends in `+gzip`.
 *
 * It refuses a blob that is not what its descriptor says, a digest that is not `sha256:` and 64 hexadecimal digits, a
 * layer that does not have its diff ID, and an index without the platform: then it prints nothing on standard output, a
 * message on standard error, and ends with 1. It reads no file that is not in the layout.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const [layout = '', platform = ''] = process.argv.slice(2);
