/** Signs in to a back-end with a name and a password: openEO gives a token for them, other services take them as they are. */
import { BackendError, errorOfAnswer, type IBackend } from '../backend/backend';
import { textOf } from '../reading';

export interface ICredentials {
  readonly user: string;
  readonly password: string;
}

/** Asks a person; null where they give it up. The failure and the user are those of the try before, or empty. */
export type AskCredentials = (backend: IBackend, failure: string, user: string) => Promise<ICredentials | null>;

/** Answers of services that have no such route. */
const NO_SUCH_ROUTE = [404, 405, 410, 501];

/**
 * The value of the `Authorization` header for a user.
 *
 * @param url - the landing page of the back-end, with a slash at its end
 * @throws BackendError
 */
export async function authorizationOf(url: string, { user, password }: ICredentials): Promise<string> {
  const basic = `Basic ${base64(`${user}:${password}`)}`;
  const response = await ask(new URL('credentials/basic', url).href, basic);
  if (NO_SUCH_ROUTE.includes(response.status)) {
    return basic;
  }
  const body = (await response.json().catch(() => null)) as unknown;
  if (!response.ok) {
    throw errorOfAnswer(response.status, body, response.statusText);
  }
  const token = textOf(body, 'access_token');
  if (!token) {
    throw new BackendError('rubbish', 'The server gave no token.');
  }
  return `Bearer basic//${token}`;
}

async function ask(address: string, authorization: string): Promise<Response> {
  try {
    return await fetch(address, {
      headers: { Authorization: authorization },
      credentials: 'omit',
      referrerPolicy: 'no-referrer'
    });
  } catch {
    throw new BackendError('offline', 'The server does not answer.');
  }
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
