/** Makes a copy of a file that only this process and its children can see, and prints it by one of these. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLONE_NEWNS, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, sys } from '@ns-tool/syscalls';

const [source = '', directory = ''] = process.argv.slice(2);

// The first asynchronous call. It starts the four threads of libuv's pool, here, outside; and there they will stay.
const text = await readFile(source, 'utf8');

// Moves this thread alone. From here on: nothing asynchronous that names a path.
sys.unshare(CLONE_NEWNS);
sys.mount(null, '/', null, MS_REC | MS_PRIVATE, null);
sys.mount('tmpfs', directory, 'tmpfs', MS_NODEV | MS_NOSUID, null);

// On this thread, so in the tmpfs. fs.promises.writeFile would write to the directory below it, and report no error.
const copy = join(directory, 'copy');
writeFileSync(copy, text);

// A child starts in the namespaces of the thread that makes it.
process.stdout.write(execFileSync('cat', [copy]));
