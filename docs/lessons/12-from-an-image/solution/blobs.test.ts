/** The tests of blobs.ts. */
import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { run } from '@ns-tool/course';
import { beforeEach, expect, it } from 'vitest';

const program = `${import.meta.dirname}/blobs.ts`;
const layout = '/mnt/layout';
const TYPE = 'application/vnd.oci.image';

beforeEach(() => {
  rmSync(layout, { recursive: true, force: true });
  mkdirSync(`${layout}/blobs/sha256`, { recursive: true });
});

const digestOf = (bytes: string | Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** The file of a blob in the layout. */
const fileOf = ({ digest }: { digest: string }) => `${layout}/blobs/${digest.replace(':', '/')}`;

/** Puts a blob into the layout, and returns its descriptor. */
function put(type: string, bytes: string | Buffer) {
  const descriptor = { mediaType: `${TYPE}.${type}`, digest: digestOf(bytes), size: bytes.length };
  writeFileSync(fileOf(descriptor), bytes);
  return descriptor;
}

/** Puts an image into the layout, and returns the descriptors of its parts. */
function image(command: string, archives: string[], diffIds = archives.map(digestOf)) {
  const config = put('config.v1+json', JSON.stringify({ config: { Cmd: [command] }, rootfs: { diff_ids: diffIds } }));
  const layers = archives.map((archive) => put('layer.v1.tar+gzip', gzipSync(archive)));
  return { config, layers, manifest: put('manifest.v1+json', JSON.stringify({ config, layers })) };
}

/** Writes the index: for each platform, what describes its manifest. */
function index(manifests: Record<string, object>) {
  const described = Object.entries(manifests).map(([platform, manifest]) => {
    const [os, architecture] = platform.split('/');
    return { ...manifest, platform: { os, architecture } };
  });
  writeFileSync(`${layout}/index.json`, JSON.stringify({ manifests: described }));
}

it('prints the command, and the diff IDs of the layers from the lowest to the topmost', () => {
  index({ 'linux/amd64': image('hello', ['lowest', 'middle', 'topmost']).manifest });
  const { status, stdout } = run(program, layout, 'linux/amd64');
  expect(stdout).toBe(['hello', ...['lowest', 'middle', 'topmost'].map(digestOf), ''].join('\n'));
  expect(status).toBe(0);
});

it('refuses a layer that has a byte too many', () => {
  const { manifest, layers } = image('hello', ['lowest', 'topmost']);
  index({ 'linux/amd64': manifest });
  for (const layer of layers) appendFileSync(fileOf(layer), '\0');
  const { status, stdout, stderr } = run(program, layout, 'linux/amd64');
  expect(stdout).toBe('');
  expect(stderr).not.toBe('');
  expect(status).toBe(1);
});

it('takes the image for the platform, and no other', () => {
  const [windows, linux] = [image('cmd.exe', ['windows']), image('sh', ['linux'])];
  index({ 'windows/amd64': windows.manifest, 'linux/amd64': linux.manifest });
  expect(run(program, layout, 'linux/amd64').stdout).toBe(`sh\n${digestOf('linux')}\n`);
  expect(run(program, layout, 'linux/s390x')).toMatchObject({ stdout: '', status: 1 });
});

it('refuses a config and a layer that have changed and kept their length', () => {
  const { manifest, config, layers } = image('hello', ['lowest']);
  index({ 'linux/amd64': manifest });
  for (const blob of [config, ...layers]) {
    const bytes = readFileSync(fileOf(blob));
    const changed = Buffer.from(bytes);
    // In the config the command. In gzip's header a time, so that the archive comes out unchanged.
    if (blob === config) changed.write('HELLO', bytes.indexOf('hello'));
    else changed.writeUInt32LE(1, 4);
    writeFileSync(fileOf(blob), changed);
    expect(run(program, layout, 'linux/amd64')).toMatchObject({ stdout: '', status: 1 });
    writeFileSync(fileOf(blob), bytes);
  }
});

it('refuses a layer that the config does not know', () => {
  index({ 'linux/amd64': image('hello', ['forged'], [digestOf('genuine')]).manifest });
  expect(run(program, layout, 'linux/amd64')).toMatchObject({ stdout: '', status: 1 });
});

it('reads no file outside of the layout', () => {
  const secret = '/mnt/secret';
  writeFileSync(secret, 'secret');
  utimesSync(secret, 0, 0);
  index({ 'linux/amd64': { digest: 'sha256:../../../secret', size: 6 } });
  expect(run(program, layout, 'linux/amd64')).toMatchObject({ stdout: '', status: 1 });
  expect(statSync(secret).atimeMs).toBe(0);
});
