// Builds the packages: the compiler checks them and writes their modules, then esbuild makes one file of the command.

import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bundle, commands, root, versions } from './checkout.mjs';
import { run } from './child.mjs';
import { endLike, fail } from './end.mjs';
import { layout, lightModules, rarelyUsed } from './light-modules.mjs';
import { fingerprint, isStamped, writeStamp } from './stamp.mjs';

const PACKAGES = [
  'packages/syscalls',
  'packages/mount-table',
  'packages/images',
  'packages/ns-tool',
  'packages/course',
];
const PROGRAMS = 'tests/support/programs';
/** Starts a version of the command. */
const LAUNCH = 'tests/support/launch.ts';
const STAMP = 'node_modules/.built-from';

/** @type {import('esbuild').BuildOptions} */
const SETTINGS = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  // Graphviz, a megabyte that only a picture needs.
  external: ['@viz-js/viz'],
  logLevel: 'warning',
  // What a module asks of `import.meta`, in the terms of CommonJS.
  banner: { js: '"use strict";const __fileurl=require("node:url").pathToFileURL(__filename).href;' },
  define: { 'import.meta.url': '__fileurl', 'import.meta.filename': '__filename', 'import.meta.dirname': '__dirname' },
};

/**
 * yargs asks at each start how wide the terminal is, which makes process.stdout, and with it most of node:stream; and a
 * pipe there non-blocking, for the command that inherits it too. It is told by cli.ts when it shows help.
 */
const NO_COLUMNS = { ...SETTINGS.define, 'process.stdout.columns': 'undefined' };

export function isBuilt() {
  return isStamped(STAMP, fingerprint(inputs())) && outputs().every(exists);
}

export async function build() {
  const madeFrom = fingerprint(inputs());
  console.error('ns-tool: building …');
  await compile();

  const esbuild = await import('esbuild');
  await Promise.all([bundleCommand(esbuild), bundlePrograms(esbuild)]).catch(() =>
    fail('the sources do not bundle, see above.'),
  );
  writeStamp(STAMP, madeFrom);
}

/** Everything that decides what comes out. */
function inputs() {
  const parts = ['src', 'package.json', 'tsconfig.json'];
  const ofPackages = PACKAGES.flatMap((folder) => parts.map((part) => `${folder}/${part}`));
  return [
    ...ofPackages,
    'tests/support',
    'tsconfig.base.json',
    'pnpm-lock.yaml',
    'scripts/build.mjs',
    'scripts/light-modules.mjs',
  ];
}

function outputs() {
  return [
    ...modules(),
    ...[bundle, ...commands, ...versions].map((file) => path.relative(root, file)),
    ...programs().map((name) => `tests/.programs/${name}.cjs`),
  ];
}

function modules() {
  return PACKAGES.map((folder) => `${folder}/dist/index.js`);
}

/** The small programs that the tests start, by name. */
function programs() {
  const files = readdirSync(path.join(root, PROGRAMS));
  return files.filter((file) => file.endsWith('.ts')).map((file) => path.basename(file, '.ts'));
}

/** @param {string} file */
function exists(file) {
  return existsSync(path.join(root, file));
}

async function compile() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  // The compiler trusts its notes on the last build, and would not miss what somebody deleted since.
  const force = modules().every(exists) ? [] : ['--force'];
  const end = await run([process.execPath, tsc, '--build', ...force, ...PACKAGES], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (end.signal) endLike(end);
  if (end.status !== 0) fail('the sources do not compile, see above.');
}

/** @param {typeof import('esbuild')} esbuild */
async function bundleCommand(esbuild) {
  const outdir = path.dirname(bundle);
  const packageFolder = path.join(root, 'packages/ns-tool');
  await Promise.all([
    esbuild.build({
      ...SETTINGS,
      outdir,
      entryPoints: { command: 'packages/ns-tool/src/bin.ts', mount: 'packages/ns-tool/src/bin-mount.ts' },
      plugins: [lightModules(outdir, packageFolder)],
      define: NO_COLUMNS,
    }),
    esbuild.build({
      ...SETTINGS,
      outdir,
      entryPoints: { 'ns-tool': 'packages/ns-tool/src/launch.ts' },
      banner: { js: '#!/usr/bin/env node\n"use strict";' },
    }),
    esbuild.build({
      ...SETTINGS,
      outdir,
      stdin: {
        contents: layout,
        resolveDir: path.dirname(createRequire(path.join(packageFolder, 'package.json')).resolve('yargs')),
      },
      entryNames: 'layout',
    }),
    // The process that unpacks a layer: packages/images/src/layers/unpack.ts looks for it beside itself.
    esbuild.build({
      ...SETTINGS,
      outdir,
      entryPoints: { unpacker: 'packages/images/src/layers/unpacker.ts' },
      plugins: [lightModules(outdir, packageFolder)],
    }),
    ...Object.entries(rarelyUsed).map(([name, folder]) =>
      esbuild.build({
        ...SETTINGS,
        outdir,
        stdin: { contents: `module.exports = require('${name}');`, resolveDir: path.join(root, folder) },
        entryNames: name,
      }),
    ),
  ]);
  chmodSync(bundle, 0o755);
}

/** @param {typeof import('esbuild')} esbuild */
async function bundlePrograms(esbuild) {
  const outdir = 'tests/.programs';
  const packageFolder = path.join(root, 'packages/ns-tool');
  const bundleTo = (/** @type {string} */ folder, /** @type {Record<string, string>} */ entryPoints) =>
    esbuild.build({
      ...SETTINGS,
      outdir: folder,
      entryPoints,
      plugins: [layersOfTests, lightModules(path.join(root, folder), packageFolder, path.dirname(bundle))],
      define: NO_COLUMNS,
    });
  const all = programs();
  const isVersion = (/** @type {string} */ name) => versions.some((file) => path.basename(file, '.cjs') === name);
  await Promise.all([
    bundleTo(
      outdir,
      Object.fromEntries(all.map((name) => [name, isVersion(name) ? LAUNCH : `${PROGRAMS}/${name}.ts`])),
    ),
    bundleTo(
      `${outdir}/versions`,
      Object.fromEntries(all.filter(isVersion).map((name) => [name, `${PROGRAMS}/${name}.ts`])),
    ),
  ]);
}

/**
 * In the test programs, layers of the tests stand in the place of two modules of the library, and import these themselves.
 * @type {import('esbuild').Plugin}
 */
const layersOfTests = {
  name: 'layers-of-tests',
  setup({ onResolve }) {
    onResolve({ filter: /\/(layout|native)\.js$/ }, ({ path: module, importer }) => {
      if (!importer.startsWith(path.join(root, 'packages/syscalls/dist/'))) return undefined;
      return { path: path.join(root, 'tests/support/layers', `${path.basename(module, '.js')}.ts`) };
    });
  },
};
