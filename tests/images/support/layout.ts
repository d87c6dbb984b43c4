/** Images made by umoci, and copied by skopeo: tools that no one here wrote. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dirSync } from 'tmp-promise';

/** Runs a program that must succeed. */
export function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${status} ${error?.message ?? ''}\n${stderr}`);
  return stdout;
}

const rootless = process.geteuid?.() === 0 ? [] : ['--rootless'];

/**
 * An OCI layout in `folder` with the image `1`: a layer with two files, one with a large file, one with a whiteout, and a
 * configuration.
 */
export function makeLayout(folder: string, large = 300_000): string {
  const layout = join(folder, 'layout');
  const image = `${layout}:1`;
  run('umoci', ['init', '--layout', layout]);
  run('umoci', ['new', '--image', image]);
  addLayer(image, (root) => {
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/kept'), 'kept\n');
    writeFileSync(join(root, 'etc/removed'), 'removed\n');
  });
  addLayer(image, (root) => {
    mkdirSync(join(root, 'var'));
    writeFileSync(join(root, 'var/large'), noise(large));
  });
  addLayer(image, (root) => rmSync(join(root, 'etc/removed')));
  run('umoci', [
    ...['config', '--image', image, '--config.entrypoint', '/bin/tool', '--config.cmd', 'a', '--config.cmd', 'b'],
    ...['--config.env', 'NAME=value', '--config.workingdir', '/etc', '--config.user', '1000:1000'],
    ...['--config.volume', '/data', '--config.stopsignal', 'SIGINT'],
  ]);
  return layout;
}

/** Adds a layer with what `change` does to the root filesystem. */
export function addLayer(image: string, change: (root: string) => void): void {
  const { name: folder, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  try {
    const bundle = join(folder, 'bundle');
    run('umoci', ['unpack', ...rootless, '--image', image, bundle]);
    change(join(bundle, 'rootfs'));
    run('umoci', ['repack', '--image', image, bundle]);
  } finally {
    removeCallback();
  }
}

/** Copies an image of a layout into a registry, and says how it is called there. */
export function push(layout: string, tag: string, host: string, name: string, login?: string): string {
  const to = `${host}/${name}`;
  const as = login === undefined ? [] : ['--dest-creds', login];
  run('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', ...as, `oci:${layout}:${tag}`, `docker://${to}`]);
  return to;
}

/** Bytes that no compression makes smaller. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  // A linear congruential generator: the same at each run.
  for (let at = 0, state = 1; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
