/** Loaded before each test file, in the process that runs that file alone. */
import { sys } from '@ns-tool/syscalls';
import { enterSandboxOfOwn } from '../sandbox.ts';

enterSandboxOfOwn(sys);
