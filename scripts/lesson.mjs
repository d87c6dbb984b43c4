// npm run lesson: the course. Its code is packages/course.

import path from 'node:path';
import { root } from './checkout.mjs';
import { setUp } from './setup.mjs';

await setUp();
process.chdir(root);
await import(path.join(root, 'packages/course/dist/main.js'));
