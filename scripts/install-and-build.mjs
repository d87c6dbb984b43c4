// The work of setup.mjs: a program of its own, because only a whole process can become the owner of the checkout.

import { beAlone } from './alone.mjs';
import { build, isBuilt } from './build.mjs';
import { isCodeCached, makeCodeCache } from './code-cache.mjs';
import { install, isInstalled } from './install.mjs';

await beAlone();
if (!isInstalled()) await install();
if (!isBuilt()) await build();
if (!isCodeCached()) await makeCodeCache();
