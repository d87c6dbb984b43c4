/** Who the user is at a registry: Docker's file of logins, `$DOCKER_CONFIG/config.json` or `~/.docker/config.json`. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ImageError } from '../error.ts';
import { checkedObject, type JsonObject, optionalText, parseObject } from '../image-spec/json.ts';
import { DEFAULT_DOMAIN } from '../reference.ts';

export interface Login {
  readonly username: string;
  readonly password: string;
  /** A token to get others with, instead of a password. */
  readonly identityToken: string | null;
}

export interface Logins {
  /** Null for a registry at which nobody has logged in. */
  readonly login: Login | null;
  /** The program that keeps this registry's login, which is not asked. */
  readonly helper: string | null;
}

export const NO_LOGINS: Logins = { login: null, helper: null };

/** Where Docker keeps the login for docker.io. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The login at a registry, from the user's file; none where there is no such file. */
export function loginFor(domain: string, env: NodeJS.ProcessEnv = process.env): Logins {
  const file = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return NO_LOGINS;
    throw new ImageError('store', `Docker’s file of logins cannot be read: ${message}`, undefined, { cause: error });
  }
  return parseLogins(content, domain, file);
}

/** @throws ImageError (store) for a file that cannot be read. What it holds is in no message. */
export function parseLogins(content: Uint8Array, domain: string, file: string): Logins {
  try {
    const { auths, credHelpers, credsStore } = parseObject(content, 'it');
    const keys =
      domain === DEFAULT_DOMAIN
        ? [DOCKER_HUB_KEY, 'index.docker.io', DEFAULT_DOMAIN, 'registry-1.docker.io']
        : [domain];
    const entry = entryFor(object(auths), keys);
    const helper = entryFor(object(credHelpers), keys) ?? credsStore;
    return {
      login: entry === undefined ? null : parseLogin(checkedObject(entry, 'a login')),
      helper: typeof helper === 'string' && helper !== '' ? `docker-credential-${helper}` : null,
    };
  } catch (error) {
    const why = error instanceof ImageError ? error.message : 'it is not as Docker writes it';
    throw new ImageError(
      'store',
      `Docker’s file of logins, ${file}: ${why}`,
      'Mend it, or log in again: docker login, or skopeo login.',
    );
  }
}

/** Old keys are URLs, and some have a path. */
function entryFor(entries: JsonObject, keys: readonly string[]): unknown {
  const hostOf = (key: string) => key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  for (const wanted of keys) {
    if (Object.hasOwn(entries, wanted)) return entries[wanted];
    const found = Object.keys(entries).find((key) => hostOf(key) === hostOf(wanted));
    if (found !== undefined) return entries[found];
  }
  return undefined;
}

/** Null for the empty entry that Docker leaves where a helper has the login. */
function parseLogin({ auth, username, password, identitytoken }: JsonObject): Login | null {
  const identityToken = optionalText(identitytoken, 'an identity token') || null;
  const encoded = optionalText(auth, 'auth') ?? '';
  if (encoded === '') {
    const [name, word] = [optionalText(username, 'username') ?? '', optionalText(password, 'password') ?? ''];
    return name === '' && identityToken === null ? null : { username: name, password: word, identityToken };
  }
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) throw new ImageError('invalid', 'an auth is not NAME:PASSWORD in base64');
  // Docker of before padded with NUL.
  return { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, ''), identityToken };
}

function object(value: unknown): JsonObject {
  return value === undefined || value === null ? {} : checkedObject(value, 'a list of logins');
}
