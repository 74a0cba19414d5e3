// @vitest-environment node
import { ServerConnection } from '@jupyterlab/services';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { HttpBackend } from '../backend/http';

function answering(status: number, body: string): ReturnType<typeof vi.fn> {
  return vi.fn(() => Promise.resolve(new Response(status === 204 ? null : body, { status })));
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('HttpBackend', () => {
  it('asks the service of this server below its base URL', async () => {
    const fetch = answering(200, '{"collections": []}');
    const settings = ServerConnection.makeSettings({ baseUrl: 'http://127.0.0.1:1/a%40b/', fetch });
    const own = new HttpBackend({ id: 'own', title: 'This server', settings });
    expect((await own.request('collections', { query: { limit: 5 } })).body).toEqual({ collections: [] });
    const asked = fetch.mock.calls[0]?.[0] as Request;
    expect(asked.url).toMatch(/^http:\/\/127\.0\.0\.1:1\/a%40b\/gdc\/collections\?limit=5$/);
  });

  it('sends credentials to the server that they are for, and to no other', async () => {
    const fetch = answering(200, '{}');
    vi.stubGlobal('fetch', fetch);
    const other = new HttpBackend({
      id: '1',
      title: 'Other',
      url: 'https://other.example/openeo/1.2',
      authorization: () => 'Bearer basic//secret'
    });
    await other.request('/jobs');
    expect(fetch.mock.calls[0]?.[0]).toBe('https://other.example/openeo/1.2/jobs');
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      headers: { Authorization: 'Bearer basic//secret' }
    });
    await expect(other.request('https://elsewhere.example/x')).rejects.toMatchObject({ kind: 'refused' });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  it.each([
    [answering(503, 'busy'), 'failed'],
    [answering(200, '<html>'), 'rubbish'],
    [answering(401, '{"code": "AuthenticationRequired", "message": "Log in."}'), 'signed-out'],
    [vi.fn(() => Promise.reject(new TypeError('Failed to fetch'))), 'offline']
  ])('tells what went wrong', async (fetch, kind) => {
    vi.stubGlobal('fetch', fetch);
    const other = new HttpBackend({ id: '1', title: 'Other', url: 'https://other.example/' });
    await expect(other.request('jobs')).rejects.toMatchObject({ kind });
  });
});
