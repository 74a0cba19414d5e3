/** A back-end that the page asks by itself. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { BackendError, errorOfAnswer, type IAnswer, type IBackend, type IRequestOptions } from './backend';

const TIMEOUT = 60_000;

export interface IHttpBackendOptions {
  id: string;
  title: string;
  /** The address of the landing page; the service of this Jupyter server where there is none. */
  url?: string;
  /** The value of the `Authorization` header for another server than this one, asked for at each request. */
  authorization?: () => string | undefined;
  settings?: ServerConnection.ISettings;
}

export class HttpBackend implements IBackend {
  constructor(options: IHttpBackendOptions) {
    this.settings = options.settings ?? ServerConnection.makeSettings();
    this.isOwn = !options.url;
    this.id = options.id;
    this.title = options.title;
    this.url = withSlash(options.url ?? URLExt.join(this.settings.baseUrl, 'gdc'));
    this.authorization = options.authorization;
  }

  readonly id: string;
  readonly title: string;
  readonly url: string;

  async request(path: string, options: IRequestOptions = {}): Promise<IAnswer> {
    const address = this.addressOf(path, options.query);
    const abort = new AbortController();
    const stop = (): void => {
      abort.abort();
    };
    options.signal?.addEventListener('abort', stop);
    const timer = setTimeout(stop, TIMEOUT);
    try {
      const response = await this.fetch(address, { ...initOf(options), signal: abort.signal });
      return await answerOf(response, options.as ?? 'json');
    } catch (error) {
      throw whyNoAnswer(error, abort.signal.aborted, options.signal?.aborted ?? false);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
    }
  }

  private fetch(address: string, init: RequestInit): Promise<Response> {
    if (this.isOwn) {
      // With 'no-store', which is the default, a parameter is added that the service does not know.
      return ServerConnection.makeRequest(address, { ...init, cache: 'no-cache' }, this.settings);
    }
    const authorization = new URL(address).origin === new URL(this.url).origin ? this.authorization?.() : undefined;
    const headers = { ...(init.headers as Record<string, string>), ...(authorization && { Authorization: authorization }) };
    return fetch(address, { ...init, headers, credentials: 'omit', referrerPolicy: 'no-referrer' });
  }

  private addressOf(path: string, query: IRequestOptions['query']): string {
    const root = new URL(this.url);
    const address = new URL(path.replace(/^\//, ''), root);
    if (address.origin !== root.origin) {
      throw new BackendError('refused', `${address.origin} is not the server that was asked.`);
    }
    for (const [name, value] of Object.entries(query ?? {})) {
      address.searchParams.set(name, String(value));
    }
    return address.href;
  }

  private readonly isOwn: boolean;
  private readonly authorization: (() => string | undefined) | undefined;
  private readonly settings: ServerConnection.ISettings;
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

function initOf({ method = 'GET', body }: IRequestOptions): RequestInit {
  return body === undefined
    ? { method }
    : { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
}

async function answerOf(response: Response, as: NonNullable<IRequestOptions['as']>): Promise<IAnswer> {
  const headers = Object.fromEntries(response.headers.entries());
  if (!response.ok) {
    throw errorOfAnswer(response.status, parsed(await response.text(), false), response.statusText);
  }
  const body = as === 'dataUrl' ? await dataUrlOf(await response.blob()) : await response.text();
  return { status: response.status, headers, body: as === 'json' ? parsed(body, true) : body };
}

function parsed(text: string, strict: boolean): unknown {
  try {
    return text ? (JSON.parse(text) as unknown) : null;
  } catch {
    if (strict) {
      throw new BackendError('rubbish', 'The server gave an answer that is not JSON.');
    }
    return null;
  }
}

function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => {
      resolve(reader.result as string);
    };
    reader.onerror = () => {
      reject(new BackendError('rubbish', 'The answer could not be read.'));
    };
    reader.readAsDataURL(blob);
  });
}

function whyNoAnswer(error: unknown, stopped: boolean, byCaller: boolean): unknown {
  if (error instanceof BackendError) {
    return error;
  }
  if (byCaller) {
    return new BackendError('aborted', 'The request was given up.');
  }
  return stopped
    ? new BackendError('timeout', 'The server takes long to answer.')
    : new BackendError('offline', 'The server does not answer.');
}
