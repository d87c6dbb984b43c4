// Light modules in place of heavy ones, in the bundle of the command. Its start-up time is a design matter, and each of
// these would take longer to load than the command takes for its work. `npm run bench` shows the start step by step.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * The light modules, for a bundle in a folder.
 * @param {string} folder where the bundle will be
 * @param {string} packageFolder the package that it is made for
 * @param {string} others where the bundles are that few runs need
 * @returns {Record<string, string>}
 */
function lightModulesFor(folder, packageFolder, others) {
  const other = (/** @type {string} */ name) => `require('./${path.join(path.relative(folder, others), name)}.cjs')`;
  return {
    // yargs needs both for its help only: cliui lays it out, and string-width knows every emoji by one huge regular
    // expression, which alone takes 18 ms to parse.
    'string-width': `export default (...args) => ${other('layout')}.stringWidth(...args);`,
    cliui: `export default (...args) => ${other('layout')}.cliui(...args);`,

    // Bundles of their own, which only a pull loads: together they are larger than the command.
    ...Object.fromEntries(Object.keys(rarelyUsed).map((name) => [name, `module.exports = ${other(name)};`])),

    // yargs asserts two things about itself. The module for it loads many others.
    assert: `const check = (holds, message) => { if (!holds) throw new Error(message); };
      export const strictEqual = (a, b, message) => check(Object.is(a, b), message);
      export const notStrictEqual = (a, b, message) => check(!Object.is(a, b), message);`,

    // yargs looks for settings of its own in the package.json of every folder above. Ours are in cli.ts, and nobody else's
    // should change what a command means that runs as root.
    'escalade/sync': 'export default () => undefined;',

    // koffi looks for its native module in many places. In a checkout it is known where it is; elsewhere koffi may look.
    koffi: `const native = { exports: {} };
      try {
        process.dlopen(native, __dirname + ${JSON.stringify(`/${path.relative(folder, nativeModuleOfKoffi(packageFolder))}`)});
      } catch {
        native.exports = require('koffi');
      }
      module.exports = native.exports;`,
  };
}

/** The contents of layout.cjs, which is loaded when help is shown. */
export const layout =
  "export { default as cliui } from 'cliui'; export { default as stringWidth } from 'string-width';";

/** Packages that few runs need, by name, each with the package of ours that depends on it. */
export const rarelyUsed = { undici: 'packages/images', 'cli-progress': 'packages/ns-tool' };

/** @param {string} packageFolder a package that depends on koffi */
function nativeModuleOfKoffi(packageFolder) {
  const require = createRequire(path.join(packageFolder, 'package.json'));
  require('koffi');
  return Object.keys(require.cache).find((file) => file.endsWith('.node')) ?? '';
}

const NAMESPACE = 'light';

/**
 * @param {string} folder
 * @param {string} packageFolder
 * @param {string} others
 * @returns {import('esbuild').Plugin}
 */
export function lightModules(folder, packageFolder, others = folder) {
  const light = lightModulesFor(folder, packageFolder, others);
  return {
    name: 'light-modules',
    setup({ onResolve, onLoad }) {
      // What a light module requires is there when it runs.
      onResolve({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: /.*/ }, ({ path }) =>
        Object.hasOwn(light, path) ? { path, namespace: NAMESPACE } : undefined,
      );
      onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({ contents: light[path] ?? '' }));
      // yargs asks for the working directory when it is loaded, and throws if that has been removed. It only looks for
      // settings from there, see above.
      onLoad({ filter: /\/yargs\/lib\/platform-shims\/esm\.mjs$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll('process.cwd()', "'/'").replace('process.cwd', "() => '/'"),
      }));
    },
  };
}
