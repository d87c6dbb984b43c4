/**
 * A repository of a registry, asked by the OCI distribution protocol.
 *
 * https://github.com/opencontainers/distribution-spec/blob/main/spec.md; tokens as in
 * https://github.com/distribution/distribution/blob/main/docs/content/spec/auth/token.md.
 */
import { ImageError } from '../error.ts';
import { checkedDigest, type Digest, digestOf } from '../image-spec/digest.ts';
import { type JsonObject, optionalText, parseObject } from '../image-spec/json.ts';
import { ACCEPTED_TYPES, MANIFEST_MAX_SIZE } from '../image-spec/manifest.ts';
import { DEFAULT_DOMAIN, type Reference, showFamiliar } from '../reference.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { codeOf } from './connection-errors.ts';
import type { Logins } from './docker-config.ts';
import { Interruption, withPatience } from './patience.ts';
import { type Answer, contentOf, Transport, urlOf } from './transport.ts';

/** Docker Hub answers by this name. */
const DOCKER_HUB_HOST = 'registry-1.docker.io';

/** What an error or a token may be long. */
const SMALL_ANSWER = 256 * 1024;

export interface ClientOptions {
  /** Take plain HTTP and any certificate. */
  readonly insecure?: boolean;
  readonly logins: Logins;
}

export interface RemoteManifest {
  readonly content: Buffer;
  readonly mediaType: string | null;
  readonly digest: Digest;
}

export class RepositoryClient {
  private readonly transport: Transport;
  private readonly host: string;
  /** `https://HOST` or `http://HOST`, once it is known. */
  private origin: Promise<URL> | null = null;
  /** What the registry wants to see. */
  private authorization: string | null = null;
  private authorizing: Promise<void> | null = null;

  constructor(
    private readonly reference: Reference,
    private readonly options: ClientOptions,
  ) {
    this.host = reference.domain === DEFAULT_DOMAIN ? DOCKER_HUB_HOST : reference.domain;
    this.transport = new Transport(urlOf(`https://${this.host}`).hostname, options.insecure ?? false);
  }

  async close(): Promise<void> {
    await this.transport.close();
  }

  /**
   * A manifest or an index, by tag or digest, with its digest verified.
   *
   * @throws ImageError: not-found, unauthorized, corrupt, too-large, unreachable, certificate.
   */
  async manifest(tagOrDigest: string): Promise<RemoteManifest> {
    const { answer, content } = await withPatience(async () => {
      const answer = await this.get(`manifests/${tagOrDigest}`, { accept: ACCEPTED_TYPES.join(', ') });
      if (answer.status !== 200) throw await this.refusal(answer, () => this.noManifest(tagOrDigest));
      return { answer, content: await contentOf(answer, MANIFEST_MAX_SIZE) };
    });
    const digest = digestOf(content);
    const expected = tagOrDigest.includes(':')
      ? checkedDigest(tagOrDigest)
      : promised(answer.header('docker-content-digest'));
    if (expected !== null && digest !== expected) {
      throw new ImageError(
        'corrupt',
        `manifest ${expected}: its contents have the digest ${digest}`,
        'It was damaged on its way, or in the registry. Nothing of it was used.',
      );
    }
    return { content, mediaType: answer.header('content-type') ?? null, digest };
  }

  /**
   * A blob from this byte on.
   *
   * @returns its bytes, and from which on they are: 0 where the server does not know ranges.
   * @throws ImageError, or Interruption where another try may help.
   */
  async blob(digest: Digest, from: number): Promise<{ answer: Answer; from: number }> {
    const answer = await this.get(`blobs/${digest}`, from === 0 ? {} : { range: `bytes=${from}-` });
    if (answer.status === 200) return { answer, from: 0 };
    if (answer.status === 206 && startOf(answer.header('content-range')) === from) return { answer, from };
    if (from > 0 && (answer.status === 416 || answer.status === 206)) {
      answer.body.destroy();
      return await this.blob(digest, 0);
    }
    throw await this.refusal(
      answer,
      () =>
        new ImageError(
          'not-found',
          `${answer.host} has no blob ${digest}`,
          'The image in the registry is incomplete: push it anew.',
        ),
    );
  }

  /** Some of the tags that there are, or null where the repository does not exist. */
  private async tags(): Promise<readonly string[] | null> {
    const answer = await this.get('tags/list?n=100', {});
    if (answer.status !== 200) {
      answer.body.destroy();
      return null;
    }
    const { tags } = parseObject(await contentOf(answer, SMALL_ANSWER), 'the list of tags');
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
  }

  private async noManifest(tagOrDigest: string): Promise<ImageError> {
    const { tag } = this.reference;
    const tags = await this.tags().catch(() => []);
    const name = showFamiliar({ ...this.reference, tag: null, digest: null });
    if (tags === null)
      return new ImageError(
        'not-found',
        `no such image at ${this.host}: ${name}`,
        'Check the name; a private image takes a login: docker login, or skopeo login.',
      );
    if (tagOrDigest !== tag) return new ImageError('not-found', `${name} has no manifest ${tagOrDigest}`);
    const some = tags.slice(0, 10).join(', ');
    return new ImageError(
      'not-found',
      `${name} has no tag ${tag}`,
      some === '' ? undefined : `There are: ${some}${tags.length > 10 ? ' and others' : ''}`,
    );
  }

  /** Asks for something of the repository, as whoever the registry wants to see. */
  private async get(path: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    this.origin ??= this.findOrigin();
    const url = new URL(`/v2/${this.reference.path}/${path}`, await this.origin);
    const shown = this.authorization;
    const answer = await this.transport.askOnce(url, { headers, authorization: shown });
    if (answer.status !== 401 || answer.isRedirected) return answer;
    // Several layers are asked for at once: the first that learns of it gets the token, for all.
    if (this.authorization === shown) {
      this.authorizing ??= this.authorize(answer).finally(() => {
        this.authorizing = null;
      });
      await this.authorizing;
    }
    answer.body.destroy();
    return await this.transport.askOnce(url, { headers, authorization: this.authorization });
  }

  /** Whether the registry speaks TLS: others are asked for nothing without it. */
  private async findOrigin(): Promise<URL> {
    const encrypted = urlOf(`https://${this.host}`);
    const plain = urlOf(`http://${this.host}`);
    if (!this.transport.mayBePlain(plain)) return encrypted;
    try {
      const { body } = await this.transport.askOnce(new URL('/v2/', encrypted));
      body.destroy();
      return encrypted;
    } catch (error) {
      if (error instanceof Interruption && error.answer !== null) return encrypted;
      if (error instanceof ImageError && error.code === 'certificate') throw error;
      return plain;
    }
  }

  /** Gets what the registry asks for in its answer. @throws ImageError (unauthorized) */
  private async authorize(answer: Answer): Promise<void> {
    const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
    const { login } = this.options.logins;
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (bearer !== undefined) this.authorization = `Bearer ${await this.token(bearer)}`;
    else if (basic !== undefined && login !== null) this.authorization = basicAuthorization(login);
    else throw await this.unauthorized(answer);
  }

  private async token({ parameters }: Challenge): Promise<string> {
    const { realm, service, scope = `repository:${this.reference.path}:pull` } = parameters;
    if (realm === undefined)
      throw new ImageError('unreachable', `${this.host} asks for a token, but does not say where to get it`);
    const url = urlOf(realm);
    const { login } = this.options.logins;
    const query = { ...(service !== undefined && { service }), scope };
    let answer: Answer;
    if (login !== null && login.identityToken !== null) {
      const form = { grant_type: 'refresh_token', client_id: 'ns-tool', refresh_token: login.identityToken, ...query };
      answer = await this.transport.ask(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(form).toString(),
      });
    } else {
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
      answer = await this.transport.ask(url, { authorization: login === null ? null : basicAuthorization(login) });
    }
    if (answer.status !== 200) throw await this.refusal(answer, () => this.unauthorized(answer));
    const { token, access_token } = parseObject(await contentOf(answer, SMALL_ANSWER), 'the answer with the token');
    const text = optionalText(token, 'the token') || optionalText(access_token, 'the token');
    // It becomes a header.
    if (!text || !/^[\x21-\x7e]+$/.test(text)) throw new ImageError('unreachable', `${url.host} gives no token`);
    return text;
  }

  /** The error for an answer that is none of those expected. */
  private async refusal(answer: Answer, notFound: () => ImageError | Promise<ImageError>): Promise<ImageError> {
    const { status, host } = answer;
    if (status === 401 || status === 403) return await this.unauthorized(answer);
    if (status === 404) {
      answer.body.destroy();
      return await notFound();
    }
    const said = await saidIn(answer);
    return new ImageError(
      'unreachable',
      `${host} answers ${status}${said === '' ? '' : `: ${said}`}`,
      'Is it a registry?',
    );
  }

  private async unauthorized(answer: Answer): Promise<ImageError> {
    const { login, helper } = this.options.logins;
    const said = await saidIn(answer);
    const name = showFamiliar(this.reference);
    const why = said === '' ? '' : `: ${said}`;
    if (login !== null) {
      return new ImageError(
        'unauthorized',
        `${answer.host} does not give ${name} to ${login.username || 'you'}${why}`,
        'Check name and password: docker login, or skopeo login. Or there is no such image.',
      );
    }
    return new ImageError(
      'unauthorized',
      `${answer.host} gives ${name} only to those who log in, or has no such image${why}`,
      helper === null
        ? 'Check the name, or log in: skopeo login --authfile ~/.docker/config.json, or docker login.'
        : `Your login is kept by ${helper}, which ns-tool does not ask: log in with skopeo login --authfile FILE/config.json, and set DOCKER_CONFIG=FILE.`,
    );
  }
}

export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** The first error of the answer, in the registry's words. Section "Error Codes". */
async function saidIn(answer: Answer): Promise<string> {
  try {
    const { errors, details } = parseObject(await contentOf(answer, SMALL_ANSWER), 'the answer');
    const [first] = Array.isArray(errors) ? (errors as JsonObject[]) : [];
    return (optionalText(first?.message, '') ?? optionalText(details, '') ?? '').slice(0, 200);
  } catch (error) {
    if (error instanceof Interruption || error instanceof ImageError || codeOf(error) !== '') return '';
    throw error;
  }
}

function promised(digest: string | undefined): Digest | null {
  return digest?.startsWith('sha256:') ? checkedDigest(digest) : null;
}

/** `bytes 100-199/200` → 100. RFC 9110, section 14.4. */
function startOf(contentRange: string | undefined): number | null {
  const start = /^bytes (\d{1,16})-/.exec(contentRange ?? '')?.[1];
  return start === undefined ? null : Number(start);
}
