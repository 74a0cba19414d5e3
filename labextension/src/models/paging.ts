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

/** Pages that are turned at the most, whatever a back-end links to. */
const MOST_PAGES = 200;

/** The pages of a list from the first on, none of them twice. */
export async function* pagesOf(
  backend: IBackend,
  first: IPageRequest,
  { most = MOST_PAGES, signal }: { most?: number; signal?: AbortSignal } = {}
): AsyncGenerator<unknown, void> {
  const asked = new Set<string>();
  let next: IPageRequest | null = first;
  while (next && asked.size < most && !asked.has(keyOf(next))) {
    asked.add(keyOf(next));
    const page = await fetchPage(backend, next, signal);
    yield page;
    next = nextPage(page, next);
  }
}

function keyOf({ path, body }: IPageRequest): string {
  return JSON.stringify([path, body]);
}
