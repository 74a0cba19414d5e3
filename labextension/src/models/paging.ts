/** Lists that come in pages, each of which names the next. */
import { isRecord, type JsonRecord, listOf, recordOf, textOf } from '../reading';
import type { IBackend, IRequestOptions } from '../backend/backend';

/** How a page is asked for: the path or address, and for some the body that is posted. */
export interface IPageRequest {
  readonly path: string;
  readonly query?: Record<string, string | number>;
  readonly body?: JsonRecord;
}

/** The page that follows, or null after the last. */
export function nextPage(page: unknown, asked: IPageRequest): IPageRequest | null {
  const link = listOf(page, 'links').find(one => textOf(one, 'rel') === 'next');
  const path = textOf(link, 'href');
  if (!path || !isRecord(link)) {
    return null;
  }
  if (textOf(link, 'method').toUpperCase() === 'POST') {
    const body = recordOf(link, 'body');
    return { path, body: link.merge === true ? { ...asked.body, ...body } : body };
  }
  // A page that names itself as the next would never end.
  return path === asked.path && !asked.body ? null : { path };
}

export async function fetchPage(backend: IBackend, asked: IPageRequest, signal?: AbortSignal): Promise<unknown> {
  const { path, query, body } = asked;
  const options: IRequestOptions = { query, signal, ...(body && { method: 'POST', body }) };
  return (await backend.request(path, options)).body;
}
