/** The protocol against servers that do what a real registry in order does not: a server of the test's own, on loopback. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { openStore, type Store } from '@ns-tool/images';
import { dirSync } from 'tmp-promise';
import { describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../packages/images/src/image-spec/digest.ts';
import { ATTEMPTS, delayAfter, parseRetryAfter } from '../../packages/images/src/registry/patience.ts';
import { emptyTar } from './support/tar.ts';

function temporaryFolder(): string {
  const { name, removeCallback } = dirSync({ unsafeCleanup: true, prefix: 'ns-tool-test' });
  onTestFinished(removeCallback);
  return name;
}

const freshStore = (): Store => openStore(join(temporaryFolder(), 'store'));

/** An image of one layer, as a registry would have it. */
const layer = emptyTar(400_000);
const config = Buffer.from(
  JSON.stringify({
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  }),
);
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digestOf(layer), size: layer.length }],
  }),
);
const LAYER = `/v2/tool/blobs/${digestOf(layer)}`;

interface Seen {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

/** Answers as a registry in order would. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  const contents: Readonly<Record<string, Buffer>> = {
    '/v2/tool/manifests/1': manifest,
    [`/v2/tool/blobs/${digestOf(config)}`]: config,
    [LAYER]: layer,
  };
  const content = contents[request.url ?? ''];
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (content === undefined) {
    response.writeHead(request.url === '/v2/' ? 200 : 404).end();
    return;
  }
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(from));
}

/** A server whose `answer` returns true for what it has answered; the rest is answered as it should be. */
async function server(answer: (request: IncomingMessage, response: ServerResponse, seen: readonly Seen[]) => boolean) {
  const seen: Seen[] = [];
  const listener: RequestListener = (request, response) => {
    const { url = '', headers } = request;
    seen.push({ url, authorization: headers.authorization, range: headers.range });
    if (!answer(request, response, seen)) serve(request, response);
  };
  return { ...(await listening(createServer(listener))), seen };
}

async function listening(made: ReturnType<typeof createServer> | ReturnType<typeof createTlsServer>) {
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    made.closeAllConnections();
    await new Promise((resolve) => made.close(resolve));
  });
  return { host: `127.0.0.1:${(made.address() as AddressInfo).port}` };
}

/** How often a path was asked for. */
const times = (seen: readonly Seen[], url: string) => seen.filter((request) => request.url === url).length;

function withEnvironment(variables: Readonly<Record<string, string>>): void {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  onTestFinished(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
}

function logIn(host: string, entry: unknown): void {
  const folder = temporaryFolder();
  execFileSync('sh', [
    '-c',
    'printf %s "$1" > "$2"',
    'sh',
    JSON.stringify({ auths: { [host]: entry } }),
    join(folder, 'config.json'),
  ]);
  withEnvironment({ DOCKER_CONFIG: folder });
}

describe('a token', () => {
  const challenge = (host: string, response: ServerResponse) =>
    response
      .writeHead(401, {
        'www-authenticate': `Bearer realm="http://${host}/token?a=b",service="s",scope="repository:tool:pull"`,
      })
      .end();

  async function tokenServer(isRight: (request: IncomingMessage) => boolean, reply: unknown = { token: 'secret' }) {
    const made = await server((request, response) => {
      if (request.url?.startsWith('/token')) {
        response.writeHead(isRight(request) ? 200 : 401).end(JSON.stringify(reply));
        return true;
      }
      if (request.headers.authorization === 'Bearer secret' || request.url === '/v2/') return false;
      challenge(made.host, response);
      return true;
    });
    return made;
  }

  it('is got once, without a login, for what the registry asks', async () => {
    const { host, seen } = await tokenServer(() => true);
    await freshStore().pull(`${host}/tool:1`);
    const tokens = seen.filter(({ url }) => url.startsWith('/token'));
    expect(tokens).toEqual([
      { url: '/token?a=b&service=s&scope=repository%3Atool%3Apull', authorization: undefined, range: undefined },
    ]);
  });

  it('is got with name and password', async () => {
    const basic = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    const { host } = await tokenServer(({ headers }) => headers.authorization === basic, { access_token: 'secret' });
    logIn(host, { auth: Buffer.from('me:pass').toString('base64') });
    expect(await freshStore().pull(`${host}/tool:1`)).toMatchObject({ layers: [expect.any(String)] });
  });

  it('is got with an identity token, by POST', async () => {
    const { host } = await tokenServer(
      ({ method, headers }) => method === 'POST' && headers.authorization === undefined,
    );
    logIn(host, { auth: Buffer.from('me:').toString('base64'), identitytoken: 'i' });
    expect(await freshStore().pull(`${host}/tool:1`)).toMatchObject({ layers: [expect.any(String)] });
  });

  it('that has run out is got anew', async () => {
    let tokens = 0;
    const made = await server((request, response) => {
      if (request.url?.startsWith('/token')) {
        tokens++;
        response.end(JSON.stringify({ token: `t${tokens}` }));
        return true;
      }
      // Good for the manifest, and no longer for the layer.
      const isRight = request.headers.authorization === (request.url === LAYER ? 'Bearer t2' : `Bearer t${tokens}`);
      if (isRight || request.url === '/v2/') return false;
      challenge(made.host, response);
      return true;
    });
    await freshStore().pull(`${made.host}/tool:1`);
    expect(tokens).toBe(2);
  });

  it.each([
    ['nothing', {}, 'unreachable'],
    ['a header of its own', { token: 'x\r\nHost: evil' }, 'unreachable'],
  ])('is none if it is %s', async (_what, reply, code) => {
    const { host } = await tokenServer(() => true, reply);
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({ code });
  });

  it('is asked for twice at most where it does not help', async () => {
    const { host, seen } = await tokenServer(() => true, { token: 'wrong' });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({ code: 'unauthorized' });
    expect(seen.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
  });
});

describe('a redirection', () => {
  it('is followed, and another server learns nothing of who asks', async () => {
    const blobs = await server(() => false);
    const { host, seen } = await server((request, response) => {
      if (request.headers.authorization === undefined && request.url !== '/v2/') {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        return true;
      }
      if (request.url !== LAYER) return false;
      response.writeHead(307, { location: `http://me:secret@${blobs.host}${LAYER}` }).end();
      return true;
    });
    logIn(host, { auth: Buffer.from('me:pass').toString('base64') });
    await freshStore().pull(`${host}/tool:1`);
    expect(seen.at(-1)?.authorization).toMatch(/^Basic /);
    expect(blobs.seen).toEqual([{ url: LAYER, authorization: undefined, range: undefined }]);
  });

  it('to the same server keeps it', async () => {
    const { host } = await server((request, response) => {
      if (request.headers.authorization === undefined && request.url !== '/v2/') {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        return true;
      }
      if (request.url === '/elsewhere') {
        response.end(layer);
        return true;
      }
      if (request.url !== LAYER) return false;
      response.writeHead(302, { location: '/elsewhere' }).end();
      return true;
    });
    logIn(host, { auth: Buffer.from('me:pass').toString('base64') });
    expect(await freshStore().pull(`${host}/tool:1`)).toMatchObject({ layers: [expect.any(String)] });
  });

  it.each([
    ['without an end', (host: string) => `http://${host}${LAYER}`, /without an end/],
    ['to a file', () => 'file:///etc/passwd', /leads to file:, which/],
    ['to plain HTTP elsewhere', () => 'http://198.51.100.1/', /without encryption/],
    ['to nowhere', () => 'http://[', /no address/],
  ])('%s is an error', async (_what, location, message) => {
    const made = await server((request, response) => {
      if (request.url !== LAYER) return false;
      response.writeHead(307, { location: location(made.host) }).end();
      return true;
    });
    await expect(freshStore().pull(`${made.host}/tool:1`)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message),
    });
  });
});

describe('a failure', () => {
  it.each([429, 503])('%i that passes is waited for', async (status) => {
    const { host, seen } = await server((request, response, seen) => {
      if (request.url !== LAYER || times(seen, LAYER) > 2) return false;
      response.writeHead(status).end();
      return true;
    });
    await freshStore().pull(`${host}/tool:1`);
    expect(times(seen, LAYER)).toBe(3);
  });

  it('that stays is told after some tries', async () => {
    const { host, seen } = await server((request, response) => {
      if (request.url !== '/v2/tool/manifests/1') return false;
      response.writeHead(503).end();
      return true;
    });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({
      code: 'unreachable',
      message: `${host} answers 503`,
    });
    expect(times(seen, '/v2/tool/manifests/1')).toBe(ATTEMPTS);
  });

  it('in the middle of a layer is gone on from', async () => {
    const { host, seen } = await server((request, response) => {
      if (request.url !== LAYER) return false;
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
      if (from >= 300_000) return false;
      response.writeHead(from === 0 ? 200 : 206, {
        'content-length': layer.length - from,
        ...(from > 0 && { 'content-range': `bytes ${from}-${layer.length - 1}/${layer.length}` }),
      });
      response.write(layer.subarray(from, from + 100_000), () => setTimeout(() => response.destroy(), 30));
      return true;
    });
    await freshStore().pull(`${host}/tool:1`);
    expect(seen.flatMap(({ range }) => range ?? [])).toEqual(['bytes=100000-', 'bytes=200000-', 'bytes=300000-']);
  });

  it('in the middle, from a server without ranges, begins again', async () => {
    const { host, seen } = await server((request, response, seen) => {
      if (request.url !== LAYER) return false;
      const isFirst = times(seen, LAYER) === 1;
      response.writeHead(200, { 'content-length': layer.length });
      if (isFirst) response.write(layer.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 30));
      else response.end(layer);
      return true;
    });
    await freshStore().pull(`${host}/tool:1`);
    expect(times(seen, LAYER)).toBe(2);
  });

  it('at the same byte always is told after some tries', async () => {
    const { host, seen } = await server((request, response) => {
      if (request.url !== LAYER) return false;
      response.writeHead(200, { 'content-length': layer.length });
      response.write(layer.subarray(0, 1000), () => setTimeout(() => response.destroy(), 10));
      return true;
    });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({ code: 'unreachable' });
    expect(times(seen, LAYER)).toBeLessThanOrEqual(ATTEMPTS + 1);
  });

  it('of one layer ends the others, of which the parts are kept', async () => {
    const [slow, missing] = [emptyTar(200_000), emptyTar(1)];
    const layers = [slow, missing].map((content) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar',
      digest: digestOf(content),
      size: content.length,
    }));
    const rootfs = { type: 'layers', diff_ids: layers.map(({ digest }) => digest) };
    const ofTwo = Buffer.from(JSON.stringify({ ...JSON.parse(config.toString()), rootfs }));
    const both = {
      ...JSON.parse(manifest.toString()),
      config: { ...JSON.parse(manifest.toString()).config, digest: digestOf(ofTwo), size: ofTwo.length },
      layers,
    };
    const store = freshStore();
    const partial = join(store.directory, 'tmp', `${digestOf(slow).slice(7)}.partial`);
    let isComplete: boolean | undefined;
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { host } = await server((request, response) => {
      const { url = '' } = request;
      if (url.endsWith('/manifests/1')) response.end(JSON.stringify(both));
      else if (url.endsWith(digestOf(ofTwo))) response.end(ofTwo);
      else if (url.endsWith(digestOf(slow))) {
        response.writeHead(200, { 'content-length': slow.length });
        response.write(slow.subarray(0, 100_000), begun);
        const rest = setTimeout(() => response.end(slow.subarray(100_000)), 5000);
        response.on('close', () => {
          clearTimeout(rest);
          isComplete = response.writableFinished;
        });
      } else if (url.endsWith(digestOf(missing))) {
        // Not before a part of the other is there.
        const look = setInterval(() => {
          if (!existsSync(partial) || statSync(partial).size < 100_000) return;
          clearInterval(look);
          response.writeHead(404).end();
        }, 10);
      } else return false;
      return true;
    });
    const pulling = store.pull(`${host}/tool:1`);
    await hasBegun;
    await expect(pulling).rejects.toMatchObject({ code: 'not-found', message: expect.stringContaining('has no blob') });
    expect(isComplete ?? false).toBe(false);
    expect(statSync(partial).size).toBe(100_000);
  });

  it('is waited for longer each time, as long as asked, but not for ever', () => {
    const delays = [1, 2, 3, 4].map((failures) => delayAfter(failures, null, 1));
    expect(delays).toEqual([400, 800, 1600, 3200]);
    expect(delayAfter(1, null, 0)).toBe(200);
    expect(delayAfter(1, 5000, 1)).toBe(5000);
    expect(delayAfter(1, 1e9, 1)).toBe(30_000);
    expect(parseRetryAfter('7', 0)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 2000)).toBe(7000);
    expect(parseRetryAfter('Thu, 01 Jan 1970 00:00:00 GMT', 2000)).toBe(0);
    for (const header of [undefined, 'soon', '-1']) expect(parseRetryAfter(header, 2000) ?? 0).toBe(0);
  });
});

describe('too much', () => {
  it.each([
    ['announced', { 'content-length': String(5 * 1024 * 1024) }],
    ['not announced', {}],
  ])('of a manifest, %s, is not taken', async (_what, headers) => {
    const { host } = await server((request, response) => {
      if (request.url !== '/v2/tool/manifests/1') return false;
      response.writeHead(200, headers).end(Buffer.alloc(5 * 1024 * 1024, 0x20));
      return true;
    });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('of a layer is not taken: it ends where it should', async () => {
    let sent = 0;
    const { host } = await server((request, response) => {
      if (request.url !== LAYER) return false;
      const go = () => {
        while (!response.destroyed && sent < 1e9) {
          sent += 1e6;
          if (!response.write(Buffer.alloc(1e6))) {
            response.once('drain', go);
            return;
          }
        }
      };
      go();
      return true;
    });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('more than'),
    });
    expect(sent).toBeLessThan(1e9);
  });

  it('is no manifest with another digest than the registry says', async () => {
    const { host } = await server((request, response) => {
      if (request.url !== '/v2/tool/manifests/1') return false;
      response.writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` }).end(manifest);
      return true;
    });
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({ code: 'corrupt' });
  });
});

describe('encryption', () => {
  function certificate(): { key: Buffer; cert: Buffer } {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', cert, ...subject],
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key), cert: readFileSync(cert) };
  }

  it('with a certificate that nobody knows is refused, also on loopback, but not with --insecure', async () => {
    const { host } = await listening(createTlsServer(certificate(), serve));
    await expect(freshStore().pull(`${host}/tool:1`)).rejects.toMatchObject({
      code: 'certificate',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    expect(await freshStore().pull(`${host}/tool:1`, { insecure: true })).toMatchObject({ name: `${host}/tool:1` });
  });

  it('is what everybody else is asked with', async () => {
    const { host, seen } = await server(() => false);
    // A name that is not this machine’s, by a proxy that is.
    const [, port] = host.split(':');
    const proxy = await connectProxy(Number(port));
    withProxy(`http://${proxy.host}`);
    await expect(freshStore().pull('registry.example/tool:1')).rejects.toMatchObject({ code: 'unreachable' });
    expect(proxy.asked).toEqual(['registry.example:443']);
    expect(seen).toEqual([]);
    // Here plain HTTP is right, and the proxy is still the way.
    expect(await freshStore().pull('registry.example/tool:1', { insecure: true })).toMatchObject({
      name: 'registry.example/tool:1',
    });
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe('a proxy', () => {
  /** A proxy that answers so, and how often it was asked. */
  async function proxyThat(answers: (client: Duplex) => void) {
    const made = createServer();
    let asked = 0;
    made.on('connect', (_request, client) => {
      asked++;
      client.on('error', () => {});
      answers(client);
    });
    return { ...(await listening(made)), asked: () => asked };
  }

  it('may be named without a scheme', async () => {
    const registry = await server(() => false);
    const proxy = await connectProxy(Number(registry.host.split(':')[1]));
    withProxy(proxy.host);
    expect(await freshStore().pull('registry.example/tool:1', { insecure: true })).toMatchObject({
      name: 'registry.example/tool:1',
    });
    expect(proxy.asked).not.toEqual([]);
  });

  it.each(['http://', 'ftp://proxy', 'http://me:%zz@proxy', 'a b'])('is none if it is %s', async (address) => {
    withProxy(address);
    await expect(freshStore().pull('registry.example/tool:1')).rejects.toMatchObject({
      code: 'unreachable',
      message: 'what HTTPS_PROXY or HTTP_PROXY names is no proxy',
    });
    // It is not needed on this machine.
    const { host } = await server(() => false);
    expect(await freshStore().pull(`${host}/tool:1`)).toMatchObject({ name: `${host}/tool:1` });
  });

  it('that ends the connection is told after some tries', async () => {
    const { host, asked } = await proxyThat((client) => client.destroy());
    withProxy(`http://${host}`);
    await expect(freshStore().pull('registry.example/tool:1')).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining(`the connection to the proxy ${host} failed`),
    });
    expect(asked()).toBe(ATTEMPTS);
  });

  it('that wants to know who asks is told of', async () => {
    const { host } = await proxyThat((client) => client.end('HTTP/1.1 407 Who?\r\n\r\n'));
    withProxy(`http://${host}`);
    await expect(freshStore().pull('registry.example/tool:1')).rejects.toMatchObject({
      code: 'unreachable',
      message: `the proxy ${host} answers 407`,
      hint: expect.stringContaining('NAME:PASSWORD@'),
    });
  });
});

function withProxy(address: string): void {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'];
  withEnvironment({ ...Object.fromEntries(names.map((name) => [name, address])), NO_PROXY: '', no_proxy: '' });
}

/** A proxy that leads to one port, whatever it is asked for: by CONNECT. */
async function connectProxy(port: number) {
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', (request, client) => {
    asked.push(request.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
    }
  });
  return { ...(await listening(proxy)), asked };
}
