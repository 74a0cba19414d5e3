import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BackendError, type IAnswer, type IBackend, type IRequestOptions } from '../backend/backend';
import { JobsModel, readEvent } from '../jobs';

interface IListed {
  id: string;
  status: string;
  progress?: number;
}

function listed(id: string, status: string, progress?: number): IListed & { created: string } {
  return { id, status, created: '2026-01-01T00:00:00Z', ...(progress !== undefined && { progress }) };
}

describe('JobsModel', () => {
  let answer: IListed[] | Error;
  let asked: string[];
  let model: JobsModel;
  const lists = (): number => asked.filter(each => each === 'GET jobs').length;

  beforeEach(() => {
    vi.useFakeTimers();
    answer = [];
    asked = [];
    const backend: IBackend = {
      id: 'own',
      url: 'http://server/gdc/',
      title: 'This server',
      request: (path: string, { method = 'GET' }: IRequestOptions = {}): Promise<IAnswer> => {
        asked.push(`${method} ${path}`);
        const body = method === 'GET' && path === 'jobs' && !(answer instanceof Error) ? { jobs: answer, links: [] } : {};
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ status: 200, body, headers: {} });
      }
    };
    model = new JobsModel(backend, { intervals: { running: 1000, idle: 10_000 }, signIn: 'Reload this page.' });
  });

  afterEach(() => {
    model.dispose();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  const begin = async (): Promise<void> => {
    await model.begin();
    await vi.advanceTimersByTimeAsync(100);
  };

  it('asks nothing before it is begun', async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual([]);
    expect(model.available).toBe(false);
  });

  it('asks ten times as often while a job runs', async () => {
    await model.begin();
    await vi.advanceTimersByTimeAsync(30_500);
    expect(lists()).toBeGreaterThanOrEqual(3);
    expect(lists()).toBeLessThanOrEqual(5);
    answer = [listed('a', 'running', 10)];
    await vi.advanceTimersByTimeAsync(10_000);
    const before = lists();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(lists() - before).toBeGreaterThanOrEqual(9);
  });

  it('gives the mean progress of what runs and waits', async () => {
    answer = [listed('a', 'running', 50), listed('b', 'queued'), listed('c', 'finished', 100)];
    await begin();
    expect(model.active.map(each => each.id)).toEqual(['a', 'b']);
    expect(model.progress).toBe(25);
  });

  it('speaks up only when something has changed', async () => {
    const heard = vi.fn();
    model.changed.connect(heard);
    answer = [listed('a', 'running', 1)];
    await model.begin();
    await vi.advanceTimersByTimeAsync(5500);
    expect(heard).toHaveBeenCalledTimes(1);
    answer = [listed('a', 'running', 2)];
    await vi.advanceTimersByTimeAsync(2000);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('keeps the jobs, tells why, and asks less often when the service does not answer', async () => {
    answer = [listed('a', 'finished')];
    await begin();
    answer = new BackendError('offline', 'The server is gone.');
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(model.failure).toBe('The server is gone.');
    expect(model.available).toBe(false);
    expect(model.jobs).toHaveLength(1);
    const before = lists();
    await vi.advanceTimersByTimeAsync(300_000);
    expect(lists() - before).toBeLessThan(10);
    answer = [];
    const done = model.refresh();
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(model.available).toBe(true);
  });

  it('asks no more of a service that has no jobs', async () => {
    answer = new BackendError('missing', 'There is nothing at /jobs.', 404);
    const done = model.begin();
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(model.source.state().problem?.kind).toBe('unsupported');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(lists()).toBe(1);
  });

  it('says how to sign in again', async () => {
    answer = new BackendError('signed-out', 'Forbidden');
    const done = model.begin();
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(model.source.state().problem).toMatchObject({ kind: 'signed-out', message: 'Reload this page.' });
  });

  it('follows what the server pushes, and asks about an unknown job once', async () => {
    answer = [listed('a', 'running', 10)];
    await begin();
    const before = lists();
    model.notice({ id: 'a', status: 'running', progress: 70 });
    expect(model.progress).toBe(70);
    expect(lists()).toBe(before);
    model.notice({ id: 'b', status: 'queued', progress: 0 });
    model.notice({ id: 'b', status: 'running', progress: 1 });
    await vi.advanceTimersByTimeAsync(100);
    expect(lists()).toBe(before + 1);
  });

  it('asks at once after an action', async () => {
    await begin();
    const before = lists();
    const done = model.cancel('a');
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(asked).toContain('DELETE jobs/a/results');
    expect(lists()).toBe(before + 1);
  });
});

describe('readEvent', () => {
  it('reads what is pushed of jobs and passes over the rest', () => {
    const event = { schema_id: 'urn:gdc-jupyter:job:1', id: 'a', status: 'running', progress: 3 };
    expect(readEvent(event)).toEqual({ id: 'a', status: 'running', progress: 3 });
    expect([readEvent({ ...event, schema_id: 'x' }), readEvent(null), readEvent({ ...event, id: 5 })]).toEqual([null, null, null]);
  });
});
