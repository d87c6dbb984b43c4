/**
 * Lesson 07: makes a copy of a file that only this process and its children can see.
 *
 * Its arguments are the file to copy, and a directory that exists and is empty. The program
 *
 * 1. reads the file, with fs.promises as any program would: this line is here already, and stays,
 * 2. mounts a tmpfs at the directory, in a mount namespace of its own,
 * 3. writes what it has read to a file `copy` in the directory,
 * 4. runs `cat` on that file, as a child process, and prints what cat has printed,
 * 5. ends with status 0. Outside, no mount has appeared, and no file.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLONE_NEWNS, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_REC, sys } from '@ns-tool/syscalls';

const [source = '', directory = ''] = process.argv.slice(2);
const text = await readFile(source, 'utf8');
