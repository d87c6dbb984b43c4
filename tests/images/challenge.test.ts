import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../packages/images/src/registry/challenge.ts';

describe('WWW-Authenticate', () => {
  it.each([
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/debian:pull"',
      [
        {
          scheme: 'bearer',
          parameters: {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/debian:pull',
          },
        },
      ],
    ],
    ['Basic realm="Registry Realm"', [{ scheme: 'basic', parameters: { realm: 'Registry Realm' } }]],
    // A comma within the quotes is no end.
    [
      'Bearer scope="repository:a:pull,push" , error=invalid_token',
      [{ scheme: 'bearer', parameters: { scope: 'repository:a:pull,push', error: 'invalid_token' } }],
    ],
    // RFC 9110, section 11.6.1.
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        { scheme: 'basic', parameters: { realm: 'simple' } },
        { scheme: 'newauth', parameters: { realm: 'apps', type: '1', title: 'Login to "apps"' } },
      ],
    ],
    [
      'Negotiate, Basic realm=x',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    [
      'Negotiate YWJj==, Basic realm=x',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    ['BEARER REALM = "x"', [{ scheme: 'bearer', parameters: { realm: 'x' } }]],
    [', ,Basic realm="x",', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
    // The first counts.
    ['Bearer realm="a",realm="b"', [{ scheme: 'bearer', parameters: { realm: 'a' } }]],
    // Mistakes end it.
    ['Bearer realm="never ends', [{ scheme: 'bearer', parameters: {} }]],
    ['', []],
    ['"', []],
  ])('%s', (header, challenges) => {
    expect(parseChallenges(header)).toEqual(
      challenges.map((challenge) => ({ ...challenge, parameters: expect.objectContaining(challenge.parameters) })),
    );
    expect(parseChallenges(header).map(({ parameters }) => Object.keys(parameters).length)).toEqual(
      challenges.map(({ parameters }) => Object.keys(parameters).length),
    );
  });

  it('has no parameter that nobody has sent', () => {
    expect(parseChallenges('Bearer __proto__="x"')[0]?.parameters.constructor).toBeUndefined();
  });

  it('is read to an end, whatever it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseChallenges(text)).toBeInstanceOf(Array);
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('Basic', ' ', ',', '=', '"', '\\', 'x', '=='), { maxLength: 40 }),
        (parts) => {
          expect(parseChallenges(parts.join(''))).toBeInstanceOf(Array);
        },
      ),
    );
  });
});
