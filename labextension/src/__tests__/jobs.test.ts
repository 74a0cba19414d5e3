import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { JobsModel, sortJobs } from '../jobs';
import type { IJob, JobStatus } from '../tokens';

function job(id: string, status: JobStatus, progress: number | null = null, updated = '2026-01-01T00:00:00Z'): IJob {
  return { id, title: id, status, progress, updated };
}

describe('sortJobs', () => {
  it('puts what runs first, what waits second, and the newest first', () => {
    const sorted = sortJobs([
      job('old', 'finished', null, '2026-01-01T00:00:00Z'),
      job('new', 'error', null, '2026-01-03T00:00:00Z'),
      job('waits', 'queued'),
      job('runs', 'running')
    ]);
    expect(sorted.map(each => each.id)).toEqual(['runs', 'waits', 'new', 'old']);
  });
});

describe('JobsModel', () => {
  let answer: IJob[] | Error;
  let asked: number;
  let cancelled: string[];
  let model: JobsModel;

  beforeEach(() => {
    vi.useFakeTimers();
    answer = [];
    asked = 0;
    cancelled = [];
    model = new JobsModel(
      {
        jobs: () => {
          asked += 1;
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
        },
        cancel: id => {
          cancelled.push(id);
          return Promise.resolve();
        }
      },
      { running: 1000, idle: 10_000 }
    );
  });

  afterEach(() => {
    model.dispose();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });

  it('asks nothing before it is started', async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBe(0);
    expect(model.available).toBe(false);
  });

  it('asks ten times as often while a job runs', async () => {
    await model.start();
    await vi.advanceTimersByTimeAsync(30_500);
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(asked).toBeLessThanOrEqual(5);
    answer = [job('a', 'running', 10)];
    await vi.advanceTimersByTimeAsync(10_000);
    const before = asked;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(asked - before).toBeGreaterThanOrEqual(9);
  });

  it('gives the mean progress of what runs and waits', async () => {
    answer = [job('a', 'running', 50), job('b', 'queued'), job('c', 'finished', 100)];
    await model.start();
    await vi.advanceTimersByTimeAsync(100);
    expect(model.active.map(each => each.id)).toEqual(['a', 'b']);
    expect(model.progress).toBe(25);
  });

  it('speaks up only when something has changed', async () => {
    const heard = vi.fn();
    model.changed.connect(heard);
    answer = [job('a', 'running', 1)];
    await model.start();
    await vi.advanceTimersByTimeAsync(5500);
    expect(heard).toHaveBeenCalledTimes(1);
    answer = [job('a', 'running', 2)];
    await vi.advanceTimersByTimeAsync(2000);
    expect(heard).toHaveBeenCalledTimes(2);
  });

  it('keeps the jobs, tells why, and asks less often when the service does not answer', async () => {
    answer = [job('a', 'finished')];
    await model.start();
    await vi.advanceTimersByTimeAsync(100);
    answer = new Error('The server is gone.');
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(model.failure).toBe('The server is gone.');
    expect(model.available).toBe(false);
    expect(model.jobs).toHaveLength(1);
    const before = asked;
    await vi.advanceTimersByTimeAsync(300_000);
    expect(asked - before).toBeLessThan(10);
    answer = [];
    const done = model.refresh();
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(model.available).toBe(true);
  });

  it('follows what the server pushes, and asks about an unknown job once', async () => {
    answer = [job('a', 'running', 10)];
    await model.start();
    await vi.advanceTimersByTimeAsync(100);
    const before = asked;
    model.notice({ id: 'a', status: 'running', progress: 70 });
    expect(model.progress).toBe(70);
    expect(asked).toBe(before);
    model.notice({ id: 'b', status: 'queued', progress: 0 });
    model.notice({ id: 'b', status: 'running', progress: 1 });
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toBe(before + 1);
  });

  it('asks at once after a job was cancelled', async () => {
    await model.start();
    await vi.advanceTimersByTimeAsync(100);
    const before = asked;
    const done = model.cancel('a');
    await vi.advanceTimersByTimeAsync(100);
    await done;
    expect(cancelled).toEqual(['a']);
    expect(asked).toBe(before + 1);
  });
});
