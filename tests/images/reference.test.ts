import { parseReference, showFamiliar, showReference } from '@ns-tool/images';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const HEX = '0123456789abcdef'.repeat(4);
const DIGEST = `sha256:${HEX}`;

describe('a reference', () => {
  // Rows of distribution/reference, reference_test.go and normalize_test.go.
  it.each([
    ['debian', 'docker.io/library/debian:latest', 'debian:latest'],
    ['debian:12', 'docker.io/library/debian:12', 'debian:12'],
    ['library/debian:12', 'docker.io/library/debian:12', 'debian:12'],
    ['docker.io/debian', 'docker.io/library/debian:latest', 'debian:latest'],
    ['index.docker.io/debian', 'docker.io/library/debian:latest', 'debian:latest'],
    ['index.docker.io/library/debian', 'docker.io/library/debian:latest', 'debian:latest'],
    ['someone/tool', 'docker.io/someone/tool:latest', 'someone/tool:latest'],
    ['library/some/tool', 'docker.io/library/some/tool:latest', 'library/some/tool:latest'],
    ['localhost/tool', 'localhost/tool:latest', 'localhost/tool:latest'],
    ['localhost:5000/tool', 'localhost:5000/tool:latest', 'localhost:5000/tool:latest'],
    ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
    ['127.0.0.1:5000/team/tool:1.0', '127.0.0.1:5000/team/tool:1.0', '127.0.0.1:5000/team/tool:1.0'],
    ['[2001:db8::1]:5000/tool', '[2001:db8::1]:5000/tool:latest', '[2001:db8::1]:5000/tool:latest'],
    ['EXAMPLE/tool', 'EXAMPLE/tool:latest', 'EXAMPLE/tool:latest'],
    ['example.com/a/b/c/d:_x.Y-z', 'example.com/a/b/c/d:_x.Y-z', 'example.com/a/b/c/d:_x.Y-z'],
    ['a.b__c--d_e', 'docker.io/library/a.b__c--d_e:latest', 'a.b__c--d_e:latest'],
    [`debian@${DIGEST}`, `docker.io/library/debian@${DIGEST}`, `debian@${DIGEST}`],
    [`debian:12@${DIGEST}`, `docker.io/library/debian:12@${DIGEST}`, `debian:12@${DIGEST}`],
    [`h.io:80/n@${DIGEST}`, `h.io:80/n@${DIGEST}`, `h.io:80/n@${DIGEST}`],
    [
      `tool@unknown+algorithm.x:${HEX}`,
      `docker.io/library/tool@unknown+algorithm.x:${HEX}`,
      `tool@unknown+algorithm.x:${HEX}`,
    ],
  ])('%s is %s', (text, full, familiar) => {
    const reference = parseReference(text);
    expect(showReference(reference)).toBe(full);
    expect(showFamiliar(reference)).toBe(familiar);
  });

  it('has its parts', () => {
    expect(parseReference(`localhost:5000/team/tool:1.0@${DIGEST}`)).toEqual({
      domain: 'localhost:5000',
      path: 'team/tool',
      tag: '1.0',
      digest: DIGEST,
    });
  });

  it.each([
    ['', /empty/],
    [':12', /part of the name is empty/],
    ['debian:', /the tag {2}is none/],
    [`debian:${'x'.repeat(129)}`, /tag/],
    ['debian:.x', /tag/],
    ['debian:-x', /tag/],
    ['Debian', /must be in lower case/],
    ['localhost/Debian', /must be in lower case/],
    ['-debian', /cannot be part/],
    ['debian-', /cannot be part/],
    ['a..b', /cannot be part/],
    ['a___b', /cannot be part/],
    ['a._b', /cannot be part/],
    ['a//b', /empty/],
    ['/debian', /empty/],
    ['a/../b', /cannot be part/],
    ['../b', /is no host/],
    ['debian@', /digest/],
    ['debian@sha256', /digest/],
    ['debian@sha256:abc', /digest/],
    [`debian@${DIGEST}0`, /64 hexadecimal|digest/],
    [`debian@${DIGEST.toUpperCase()}`, /digest/],
    [`debian@sha256:${HEX.toUpperCase()}`, /digest/],
    [`debian@${DIGEST}@${DIGEST}`, /digest/],
    [HEX, /a digest, not a name/],
    ['host:99999/tool', /is no host/],
    ['host:port/tool', /is no host/],
    ['-host.io/tool', /is no host/],
    ['[::1/tool', /is no host/],
    ['a b', /cannot be part/],
    ['a\nb', /cannot be part/],
    ['debian\n', /cannot be part/],
    ['debian:12\n', /tag/],
    ['host.io\n/tool', /is no host/],
    ['https://host.io/tool', /is no host/],
    ['user@host.io/tool', /digest/],
    [`host.io/${'a/'.repeat(130)}a`, /more than 255/],
    ['x'.repeat(5000), /too long/],
  ])('%j is none', (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringMatching(why) }),
    );
  });

  it('may have a digest of an algorithm that nobody knows', () => {
    const digest = `constructor:${HEX}`;
    expect(parseReference(`debian@${digest}`)).toMatchObject({ tag: null, digest });
  });

  it('may have 255 letters in its name', () => {
    expect(parseReference(`host.io/${'a'.repeat(247)}`).path).toHaveLength(247);
    expect(() => parseReference(`host.io/${'a'.repeat(248)}`)).toThrow(/255/);
  });

  it('in full and in short stands for itself', () => {
    const component = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,8})?$/);
    const domain = fc.constantFrom('', 'docker.io/', 'localhost/', 'localhost:5000/', 'h.io/', '[::1]:80/');
    const tag = fc.oneof(
      fc.constant(''),
      fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,10}$/).map((text) => `:${text}`),
    );
    const digest = fc.constantFrom('', `@${DIGEST}`);
    fc.assert(
      fc.property(
        domain,
        fc.array(component, { minLength: 1, maxLength: 3 }),
        tag,
        digest,
        (...[host, path, name, pinned]) => {
          const reference = parseReference(`${host}${path.join('/')}${name}${pinned}`);
          expect(parseReference(showReference(reference))).toEqual(reference);
          expect(parseReference(showFamiliar(reference))).toEqual(reference);
        },
      ),
    );
  });

  it('is a reference or an error, whatever the text, and soon', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        try {
          parseReference(text);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid' });
        }
      }),
    );
    // What makes a careless pattern go back and forth.
    for (const text of ['a-'.repeat(500), 'a'.repeat(1000), `${'-'.repeat(1000)}`, `${'a.'.repeat(400)}/x`]) {
      const start = performance.now();
      expect(() => parseReference(text)).toThrow();
      expect(performance.now() - start).toBeLessThan(1000);
    }
  });
});
