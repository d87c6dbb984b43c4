/** HTTP for one registry: encrypted but for loopback, through the proxy of the environment, redirected with care. */
import type { Readable } from 'node:stream';
import { Agent, type Dispatcher, request } from 'undici';
import { ImageError } from '../error.ts';
import { connectionError } from './connection-errors.ts';
import { Interruption, parseRetryAfter, withPatience } from './patience.ts';
import { throughProxies } from './proxy.ts';

export interface Answer {
  readonly status: number;
  /** The last of several with the same name. */
  header(name: string): string | undefined;
  /** To be read to its end, or destroyed. */
  readonly body: Readable;
  /** The server that answered is not the one that was asked. */
  readonly isRedirected: boolean;
  readonly host: string;
}

export interface Ask {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorization?: string | null;
  readonly body?: string;
}

const MAX_REDIRECTS = 10;
const REDIRECTIONS = [301, 302, 303, 307, 308];
const TRANSIENT = [408, 429, 500, 502, 503, 504];
/** Milliseconds until the headers come, and between two pieces of a body. */
const PATIENCE_FOR_ANSWERS = 60_000;

/** Whether a host is this machine: what is sent there crosses no network. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

export class Transport {
  private readonly direct: Dispatcher;
  private proxied: Dispatcher | null = null;
  private readonly tls: { readonly rejectUnauthorized: boolean };

  constructor(
    /** Of the registry. */
    private readonly hostname: string,
    private readonly insecure: boolean,
  ) {
    this.tls = { rejectUnauthorized: !insecure };
    this.direct = new Agent({ connect: this.tls });
  }

  async close(): Promise<void> {
    await Promise.all([this.direct.destroy(), this.proxied?.destroy()]);
  }

  /** Without encryption only on this machine, and only if the registry is there too: else it could reach in here by us. */
  mayBePlain({ hostname }: URL): boolean {
    return this.insecure || (isLoopback(hostname) && isLoopback(this.hostname));
  }

  /** Asks, again after what is over soon, and follows redirects. @throws ImageError */
  async ask(url: URL, ask: Ask = {}): Promise<Answer> {
    return await withPatience(() => this.askOnce(url, ask));
  }

  /** @throws ImageError, or Interruption where another try may help. */
  async askOnce(first: URL, ask: Ask = {}): Promise<Answer> {
    let [url, authorization] = [first, ask.authorization ?? null];
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const answer = await this.send(url, { ...ask, authorization }, url !== first);
      const location = answer.header('location');
      if (!REDIRECTIONS.includes(answer.status) || location === undefined || ask.method === 'POST') return answer;
      answer.body.destroy();
      const next = urlOf(location, url);
      // What the registry may know is nothing for the server that has the blobs. RFC 9110, section 15.4.
      if (next.origin !== url.origin) authorization = null;
      url = next;
    }
    throw new ImageError('unreachable', `${first.host} redirects without an end`);
  }

  /** What is sent to this machine needs no proxy. */
  private dispatcherFor({ hostname }: URL): Dispatcher {
    if (isLoopback(hostname)) return this.direct;
    this.proxied ??= throughProxies({ tls: this.tls, patience: PATIENCE_FOR_ANSWERS });
    return this.proxied;
  }

  private async send(
    url: URL,
    { method = 'GET', headers = {}, authorization, body }: Ask,
    isRedirected: boolean,
  ): Promise<Answer> {
    if (url.protocol !== 'https:' && url.protocol !== 'http:') {
      throw new ImageError('unreachable', `the registry leads to ${url.protocol}, which is neither HTTPS nor HTTP`);
    }
    if (url.protocol === 'http:' && !this.mayBePlain(url)) {
      throw new ImageError(
        'unreachable',
        `${url.origin} would be asked without encryption`,
        'If you trust the network: --insecure',
      );
    }
    try {
      const {
        statusCode,
        headers: received,
        body: stream,
      } = await request(url, {
        method,
        headers: { 'user-agent': 'ns-tool', ...headers, ...(authorization ? { authorization } : {}) },
        ...(body !== undefined && { body }),
        dispatcher: this.dispatcherFor(url),
        headersTimeout: PATIENCE_FOR_ANSWERS,
        bodyTimeout: PATIENCE_FOR_ANSWERS,
      });
      // undici emits an error when a body is destroyed; there is nobody else to hear it.
      stream.on('error', () => {});
      const header = (name: string) => [received[name]].flat().at(-1);
      if (TRANSIENT.includes(statusCode)) {
        stream.destroy();
        const retryAfter = parseRetryAfter(header('retry-after'), Date.now());
        throw new Interruption(notNow(statusCode, url.host), { status: statusCode, retryAfter });
      }
      return { status: statusCode, header, body: stream, isRedirected, host: url.host };
    } catch (error) {
      throw connectionError(error, url.host);
    }
  }
}

/** @throws ImageError for what is no URL that we would follow. */
export function urlOf(text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw new ImageError(
      'unreachable',
      `the registry names ${JSON.stringify(text.slice(0, 200))}, which is no address`,
    );
  }
  // A name and password in it would be sent, by whoever wrote the address.
  url.username = '';
  url.password = '';
  return url;
}

/** The whole of a body. @throws ImageError (too-large) as soon as it has more than `limit` bytes. */
export async function contentOf({ body, host, header }: Answer, limit: number): Promise<Buffer> {
  const tooLarge = () => new ImageError('too-large', `${host} answers with more than ${limit} bytes`);
  if (Number(header('content-length') ?? 0) > limit) {
    body.destroy();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      length += chunk.length;
      if (length > limit) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    throw connectionError(error, host);
  }
  return Buffer.concat(chunks);
}

function notNow(status: number, host: string): ImageError {
  return status === 429
    ? new ImageError(
        'unreachable',
        `${host} is asked too often (429)`,
        'Wait a while; some registries allow more to those who log in: docker login',
      )
    : new ImageError(
        'unreachable',
        `${host} answers ${status}`,
        'It seems to be out of order. Try again later: what has been downloaded is kept.',
      );
}
