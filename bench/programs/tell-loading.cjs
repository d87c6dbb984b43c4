// Preloaded into a program: prints, when it ends, JSON with how it was loaded.

const { readFileSync, writeSync } = require('node:fs');
const process = require('node:process');
const vm = require('node:vm');

let codeCache = false;
vm.Script = class extends vm.Script {
  /** @param {ConstructorParameters<typeof vm.Script>} args */
  constructor(...args) {
    super(...args);
    if (this.cachedDataRejected === false) codeCache = true;
  }
};

process.once('exit', () => {
  const maps = readFileSync('/proc/self/maps', 'utf8');
  writeSync(1, JSON.stringify({ codeCache, nativeAddon: /\.node$/m.test(maps) }));
});
