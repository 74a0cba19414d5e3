/** Requests to a back-end, whoever carries them out: the page itself in JupyterLab's panels, the kernel in widgets. */
import { isRecord, textOf } from '../reading';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface IRequestOptions {
  method?: Method;
  query?: Record<string, string | number>;
  /** What is sent as JSON. */
  body?: unknown;
  /** What is wanted: parsed JSON, the text, or a `data:` URL of a picture or file. */
  as?: 'json' | 'text' | 'dataUrl';
  signal?: AbortSignal;
}

/** An answer of a back-end that was a success. */
export interface IAnswer {
  readonly status: number;
  /** JSON, a text or a `data:` URL, as was wanted; null where the answer is empty. */
  readonly body: unknown;
  /** Headers by their names in lower case: those that openEO and paging use. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A back-end: an openEO or geodatacube service, a STAC API, or several of these in one. */
export interface IBackend {
  /** Unlike that of any other back-end of the same widget or panel. */
  readonly id: string;
  /** The address of its landing page. */
  readonly url: string;
  /** What people call it. */
  readonly title: string;
  /**
   * Ask the back-end.
   *
   * @param path - a path below the landing page, `collections/S2`, or an address that one of its links gave
   * @throws BackendError
   */
  request(path: string, options?: IRequestOptions): Promise<IAnswer>;
}

/**
 * Why there is no answer that can be used: the server is away, wants a login, does not know the thing or the route,
 * found a fault in the request, failed, took too long, gave something that is not what it should be; or the kernel,
 * which asks for the widgets, does not react.
 */
export type ProblemKind =
  | 'offline'
  | 'signed-out'
  | 'missing'
  | 'unsupported'
  | 'refused'
  | 'failed'
  | 'timeout'
  | 'rubbish'
  | 'kernel'
  | 'aborted';

export class BackendError extends Error {
  constructor(
    readonly kind: ProblemKind,
    message: string,
    readonly status = 0,
    readonly code = ''
  ) {
    super(message);
    this.name = 'BackendError';
  }
}

/** Whatever was thrown, as an error of a back-end. */
export function asBackendError(error: unknown): BackendError {
  if (error instanceof BackendError) {
    return error;
  }
  if (error instanceof Error) {
    return new BackendError(error.name === 'AbortError' ? 'aborted' : 'failed', error.message);
  }
  return new BackendError('failed', String(error));
}

/** The error that an answer other than a success stands for. */
export function errorOfAnswer(status: number, body: unknown, statusText = ''): BackendError {
  const told = textOf(body, 'message') || textOf(body, 'detail') || textOf(body, 'description');
  return new BackendError(kindOfStatus(status), told || statusText || `HTTP ${status}`, status, codeOf(body));
}

function codeOf(body: unknown): string {
  const code = isRecord(body) ? body.code : undefined;
  return typeof code === 'string' ? code : '';
}

function kindOfStatus(status: number): ProblemKind {
  switch (status) {
    case 401:
    case 403:
      return 'signed-out';
    case 404:
    case 410:
      return 'missing';
    case 405:
    case 501:
      return 'unsupported';
    default:
      return status >= 500 ? 'failed' : 'refused';
  }
}

/** The path of a resource with each part encoded: `pathOf('jobs', id, 'logs')`. */
export function pathOf(...parts: string[]): string {
  return parts.map(encodeURIComponent).join('/');
}
