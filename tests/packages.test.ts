import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../packages/ns-tool/src/version.ts';

const manifest = (name: string) =>
  JSON.parse(readFileSync(new URL(`../packages/${name}/package.json`, import.meta.url), 'utf8'));

describe('the packages', () => {
  it('ns-tool says the version that it has', () => {
    expect(VERSION).toBe(manifest('ns-tool').version);
  });

  it.each(['syscalls', 'mount-table', 'ns-tool'])('%s could be published as it is', (name) => {
    const { exports, files, engines, license, type, version, description } = manifest(name);
    expect({ type, license, files }).toEqual({ type: 'module', license: 'MIT', files: ['dist'] });
    expect(engines.node).toBe('>=20.19');
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(description).not.toBe('');
    for (const path of Object.values(exports['.'] as Record<string, string>)) {
      expect(readFileSync(new URL(`../packages/${name}/${path}`, import.meta.url), 'utf8')).not.toBe('');
    }
  });
});
