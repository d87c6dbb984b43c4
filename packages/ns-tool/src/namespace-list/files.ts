/** The functions of node:fs by which this folder reads. They take half as long as the same calls through `sys`. */
import type fs from 'node:fs';

export type Files = Pick<
  typeof fs,
  'closeSync' | 'fstatSync' | 'openSync' | 'readdirSync' | 'readFileSync' | 'readlinkSync' | 'statSync'
>;
