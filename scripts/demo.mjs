// npm run demo: from a fresh clone to `sudo ns-tool mount` in one command.

import { bundle } from './checkout.mjs';
import { endLike } from './end.mjs';
import { setUp } from './setup.mjs';
import { runAsRoot } from './sudo.mjs';

await setUp();
endLike(await runAsRoot([process.execPath, bundle, 'mount', ...process.argv.slice(2)]));
