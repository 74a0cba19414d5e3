import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { Api, ApiError, parseEvent, parseJobs } from '../api';

interface ICall {
  url: string;
  method: string;
}

function serve(status: number, body: string): { api: Api; calls: ICall[] } {
  const calls: ICall[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://127.0.0.1:1/a%40b/',
    fetch: (input: RequestInfo | URL) => {
      const request = input as Request;
      calls.push({ url: request.url, method: request.method });
      return Promise.resolve(new Response(status === 204 ? null : body, { status }));
    }
  });
  return { api: new Api(settings), calls };
}

describe('Api', () => {
  it('asks below the base URL and reads the jobs', async () => {
    const { api, calls } = serve(
      200,
      JSON.stringify({ jobs: [{ id: 'j-1', title: 'NDVI', status: 'running', progress: 40, created: '2026-01-01T00:00:00Z' }] })
    );
    expect(await api.jobs()).toEqual([
      { id: 'j-1', title: 'NDVI', status: 'running', progress: 40, updated: '2026-01-01T00:00:00Z' }
    ]);
    expect(calls[0]?.url).toMatch(/^http:\/\/127\.0\.0\.1:1\/a%40b\/gdc\/jobs\?limit=50/);
  });

  it('cancels a job by deleting its results', async () => {
    const { api, calls } = serve(204, '');
    await api.cancel('j/1');
    expect(calls[0]).toMatchObject({ method: 'DELETE' });
    expect(calls[0]?.url).toContain('/gdc/jobs/j%2F1/results');
  });

  it('tells the error of the service in its words', async () => {
    const { api } = serve(404, JSON.stringify({ code: 'JobNotFound', message: "The job 'x' does not exist." }));
    await expect(api.cancel('x')).rejects.toEqual(new ApiError("The job 'x' does not exist.", 404, 'JobNotFound'));
  });

  it('copes with an error page', async () => {
    const { api } = serve(502, '<html>Bad gateway</html>');
    await expect(api.jobs()).rejects.toMatchObject({ name: 'ApiError', status: 502, message: 'HTTP 502' });
  });
});

describe('parseJobs', () => {
  it.each([null, 'text', {}, { jobs: {} }, { jobs: [null, 3, {}, { id: 'a' }, { id: 'a', status: 'lost' }] }])(
    'finds no job in %j',
    body => {
      expect(parseJobs(body)).toEqual([]);
    }
  );

  it('gives a nameless job a piece of its id and keeps progress within 0 and 100', () => {
    const [job] = parseJobs({ jobs: [{ id: '0123456789', title: null, status: 'queued', progress: 140 }] });
    expect(job).toMatchObject({ title: '01234567', progress: 100, updated: '' });
  });
});

describe('parseEvent', () => {
  it('reads a changed job', () => {
    const event = { schema_id: 'urn:gdc-jupyter:job:1', id: 'a', status: 'running', progress: 12.5 };
    expect(parseEvent(event)).toEqual({ id: 'a', status: 'running', progress: 12.5 });
  });

  it('leaves the events of others alone', () => {
    expect(parseEvent({ schema_id: 'https://example.org/other', id: 'a', status: 'running' })).toBeNull();
    expect(parseEvent(null)).toBeNull();
  });
});
