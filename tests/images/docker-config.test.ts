import { describe, expect, it } from 'vitest';
import { parseLogins } from '../../packages/images/src/registry/docker-config.ts';

const auth = (text: string) => Buffer.from(text).toString('base64');
const parse = (content: unknown, domain: string) =>
  parseLogins(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), domain, 'config.json');
const login = (username: string, password: string, identityToken: string | null = null) => ({
  login: { username, password, identityToken },
  helper: null,
});
const none = { login: null, helper: null };

describe('Docker’s file of logins', () => {
  it.each([
    ['a host', { 'h.io:5000': { auth: auth('me:secret') } }, 'h.io:5000', login('me', 'secret')],
    ['a colon in the password', { 'h.io': { auth: auth('me:a:b') } }, 'h.io', login('me', 'a:b')],
    ['an old key', { 'https://h.io/v1/': { auth: auth('me:x') } }, 'h.io', login('me', 'x')],
    ['Docker Hub', { 'https://index.docker.io/v1/': { auth: auth('me:x') } }, 'docker.io', login('me', 'x')],
    ['Docker Hub by its name', { 'docker.io': { auth: auth('me:x') } }, 'docker.io', login('me', 'x')],
    ['name and password', { 'h.io': { username: 'me', password: 'x' } }, 'h.io', login('me', 'x')],
    ['an identity token', { 'h.io': { auth: auth('me:'), identitytoken: 't' } }, 'h.io', login('me', '', 't')],
    ['another port', { 'h.io:5000': { auth: auth('me:x') } }, 'h.io:5001', none],
    ['a longer name', { 'h.io.evil': { auth: auth('me:x') } }, 'h.io', none],
    ['a name within it', { 'sub.h.io': { auth: auth('me:x') } }, 'h.io', none],
    ['nothing', {}, 'h.io', none],
    ['an empty entry', { 'h.io': {} }, 'h.io', none],
    ['no property of Object', {}, 'constructor', none],
  ])('has for %s', (_what, auths, domain, expected) => {
    expect(parse({ auths }, domain)).toEqual(expected);
  });

  it('names the helper that is not asked', () => {
    expect(parse({ credsStore: 'desktop' }, 'h.io')).toEqual({ login: null, helper: 'docker-credential-desktop' });
    expect(parse({ credsStore: 'desktop', credHelpers: { 'h.io': 'ecr' } }, 'h.io').helper).toBe(
      'docker-credential-ecr',
    );
    expect(parse({ credHelpers: { 'h.io': 'ecr' } }, 'other.io').helper).toBeNull();
  });

  it.each([
    '{',
    '[]',
    '{"auths": 1}',
    `{"auths": {"h.io": {"auth": "${auth('nocolon-secret')}"}}}`,
    '{"auths": {"h.io": {"auth": 1}}}',
  ])('says that %s is wrong, and nothing of what is in it', (content) => {
    const wrong = expect.objectContaining({ code: 'store', message: expect.not.stringContaining('secret') });
    expect(() => parse(content, 'h.io')).toThrow(wrong);
  });
});
