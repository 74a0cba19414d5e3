import { describe, expect, it } from 'vitest';

import { BackendError, errorOfAnswer, type IAnswer, type IBackend, type IRequestOptions } from '../backend/backend';
import { type IJob, readJob, readJobs } from '../models/job';
import { codeOf } from '../models/job_code';
import { countJobs, filterJobs, sortJobs, spanOf } from '../models/job_list';
import { joinLogs, MOST_ENTRIES, readLog } from '../models/job_log';
import { JobRequests, secondsOf } from '../models/job_requests';
import { changesOf, endingsOf, failuresOf, forEach } from '../models/job_source';
import { elapsedOf, ProgressRates, Stopwatch } from '../models/job_times';

const START = Date.parse('2026-01-01T00:00:00Z');

export function job(id: string, status = 'finished', more: Partial<IJob> = {}): IJob {
  const created = '2026-01-01T00:00:00Z';
  return { id, title: '', status, progress: null, created, updated: created, started: null, duration: null, ...more };
}

/** A back-end that answers by a table from `GET path` to bodies, and remembers what it was asked. */
class Answers implements IBackend {
  constructor(private readonly table: Record<string, unknown>) {}

  readonly id = '0';
  readonly url = 'http://backend/';
  readonly title = 'backend';
  readonly asked: [string, IRequestOptions][] = [];

  request(path: string, options: IRequestOptions = {}): Promise<IAnswer> {
    const key = `${options.method ?? 'GET'} ${path}`;
    this.asked.push([key, options]);
    const found = this.table[key];
    if (found instanceof Error) {
      return Promise.reject(found);
    }
    if (found === undefined) {
      return Promise.reject(errorOfAnswer(404, { message: `No ${path}.`, code: 'NotFound' }));
    }
    const headers = { 'openeo-identifier': 'new' };
    return Promise.resolve({ status: 200, body: found, headers });
  }
}

describe('reading jobs', () => {
  it('takes what any back-end tells', () => {
    expect(readJob({ id: 'a', status: 'running', progress: 120, created: '2026-01-01T00:00:00Z' })).toEqual(
      job('a', 'running', { progress: 100 })
    );
    expect(readJob({ jobID: 'o', status: 'successful', started: '2026-01-01T00:00:00Z' })).toMatchObject({
      id: 'o',
      status: 'finished',
      progress: 100,
      started: START
    });
    expect(readJob({ id: 'u', usage: { duration: { value: 2, unit: 'min' } } })).toMatchObject({ status: 'unknown', duration: 120 });
    expect(readJob({ id: 'u', status: 'hibernating' })?.status).toBe('hibernating');
  });

  it('leaves out what is no job, and the second of a name', () => {
    expect(readJobs([null, 3, {}, { id: 'a', status: 'error' }, { id: 'a', status: 'queued' }]).map(each => each.status)).toEqual([
      'error'
    ]);
  });
});

describe('the list', () => {
  const jobs = [
    job('a', 'finished', { title: 'NDVI 2', created: '2026-01-01' }),
    job('b', 'running', { title: 'NDVI 10', created: '2026-01-02' }),
    job('c', 'odd', { created: '2026-01-03' })
  ];

  it('is filtered by words in any order and by status', () => {
    expect(filterJobs(jobs, { text: '1 ndvi', group: 'all' }).map(each => each.id)).toEqual(['b']);
    expect(filterJobs(jobs, { text: '', group: 'active' }).map(each => each.id)).toEqual(['b']);
    expect(filterJobs(jobs, { text: 'odd', group: 'all' }).map(each => each.id)).toEqual(['c']);
    expect(countJobs(jobs)).toMatchObject({ all: 3, active: 1, finished: 1, error: 0 });
  });

  it('is sorted', () => {
    expect(sortJobs(jobs, 'newest').map(each => each.id)).toEqual(['c', 'b', 'a']);
    expect(sortJobs(jobs, 'name').map(each => each.id)).toEqual(['c', 'a', 'b']);
    expect(sortJobs(jobs, 'status').map(each => each.id)).toEqual(['b', 'a', 'c']);
  });

  it('gives what lies between two jobs, whichever comes first', () => {
    expect(spanOf(jobs, 'c', 'b')).toEqual(['b', 'c']);
    expect(spanOf(jobs, 'gone', 'b')).toEqual(['b']);
  });
});

describe('times', () => {
  it('count from when a job was first seen to run, or from what the first list says', () => {
    const watch = new Stopwatch();
    const [first] = watch.note([job('a', 'running', { updated: '2026-01-01T00:00:10Z' })], START + 60_000);
    expect(elapsedOf(first ?? job('none'), START + 70_000)).toBe(60);
    const [, later] = watch.note([job('a', 'running'), job('b', 'running')], START + 80_000);
    expect(elapsedOf(later ?? job('none'), START + 85_000)).toBe(5);
    expect(elapsedOf(job('c', 'finished', { duration: 7 }), START)).toBe(7);
    expect(elapsedOf(job('c', 'finished', { updated: '2026-01-01T00:00:05Z' }), START)).toBe(5);
    expect(elapsedOf(job('c', 'queued'), START)).toBeNull();
  });

  it('to come follow the rate of progress, smoothed', () => {
    const rates = new ProgressRates();
    const at = (progress: number, seconds: number): number | null => {
      const now = START + seconds * 1000;
      const running = job('a', 'running', { started: START, progress });
      rates.note([running], now);
      return rates.remaining(running, now);
    };
    expect(at(0, 1)).toBeNull();
    const first = at(10, 10) ?? 0;
    expect(first).toBeGreaterThan(80);
    expect(first).toBeLessThanOrEqual(90);
    // It goes twice as fast now, but one look is not believed wholly.
    const left = at(30, 20) ?? 0;
    expect(left).toBeGreaterThan(35);
    expect(left).toBeLessThan(70);
    // While nothing new is seen, the time goes on.
    expect(at(30, 25)).toBeCloseTo(left - 5);
    expect(at(30, 2000)).toBe(1);
  });
});

describe('requests', () => {
  const page = (ids: string[], next?: string): unknown => ({
    jobs: ids.map(id => ({ id, status: 'created' })),
    links: next ? [{ rel: 'next', href: next }] : []
  });

  it('turn all pages, and none twice', async () => {
    const backend = new Answers({ 'GET jobs': page(['a'], 'p2'), 'GET p2': page(['b'], 'p2') });
    expect((await new JobRequests(backend).all()).map(each => each.id)).toEqual(['a', 'b']);
    expect((await new JobRequests(backend).first()).whole).toBe(false);
  });

  it('refuse what is no list', async () => {
    await expect(new JobRequests(new Answers({ 'GET jobs': [] })).all()).rejects.toMatchObject({ kind: 'rubbish' });
  });

  it('duplicate a job with its process and plan, and encode ids', async () => {
    const process = { process_graph: { a: {} } };
    const backend = new Answers({ 'GET jobs/a%2Fb': { id: 'a/b', plan: 'free', budget: null, process }, 'POST jobs': {} });
    expect(await new JobRequests(backend).duplicate('a/b', 'Copy')).toBe('new');
    expect(backend.asked[1]?.[1].body).toEqual({ plan: 'free', title: 'Copy', process });
    const without = new JobRequests(new Answers({ 'GET jobs/a': { id: 'a' } }));
    await expect(without.duplicate('a', 'Copy')).rejects.toThrow('no process graph');
  });

  it('make no fuss where there are no estimates', async () => {
    expect(await new JobRequests(new Answers({})).estimate('a')).toBeNull();
    const backend = new Answers({ 'GET jobs/a/estimate': { duration: 'PT1M12.5S', size: 10 } });
    expect(await new JobRequests(backend).estimate('a')).toEqual({ seconds: 72.5, bytes: 10, costs: null });
    expect([secondsOf('P1DT2H'), secondsOf('P'), secondsOf('soon')]).toEqual([93_600, null, null]);
  });

  it('give the addresses of files only where they are addresses', async () => {
    const assets = { 'a.tif': { href: 'https://x/a.tif', 'file:size': 5, type: 'image/tiff' }, evil: { href: 'javascript:alert(1)' } };
    const found = await new JobRequests(new Answers({ 'GET jobs/a/results': { assets } })).results('a');
    expect(found.map(each => each.href)).toEqual(['https://x/a.tif', '']);
  });

  it('ask for logs after an entry and filter what older back-ends send', async () => {
    const logs = [
      { id: '1', level: 'debug', message: 'x' },
      { id: '2', level: 'error', message: 'y', path: [{ node_id: 'n' }], code: 'C' }
    ];
    const backend = new Answers({ 'GET jobs/a/logs': { logs, links: [] } });
    const entries = await new JobRequests(backend).logs('a', 'warning', '0');
    expect(backend.asked[0]?.[1].query).toEqual({ level: 'warning', offset: '0' });
    expect(entries).toEqual([{ id: '2', level: 'error', message: 'y', time: '', code: 'C', node: 'n' }]);
  });
});

describe('logs', () => {
  it('grow by what is new, and forget the oldest', () => {
    const before = readLog([{ id: '1', level: 'odd', message: 'a' }], 'info');
    expect(joinLogs(before, before)).toBe(before);
    const many = Array.from({ length: MOST_ENTRIES }, (_, id) => ({ id: `n${id}`, level: 'info', message: '' }));
    expect(joinLogs(before, readLog(many, 'info'))).toHaveLength(MOST_ENTRIES);
  });
});

describe('changes', () => {
  it('are told of jobs that were known, and endings of those that ended by themselves', () => {
    const before = [job('a', 'running'), job('b', 'queued'), job('c', 'running')];
    const after = [job('a', 'finished'), job('b', 'running'), job('c', 'canceled'), job('d', 'finished')];
    const changes = changesOf(before, after);
    expect(changes.map(change => change.job.id)).toEqual(['a', 'b', 'c']);
    expect(endingsOf(changes).map(each => each.id)).toEqual(['a']);
  });

  it('of several jobs go on when one fails', async () => {
    const outcome = await forEach([job('a'), job('b', 'error', { title: 'B' }), job('c')], each =>
      each.id === 'b' ? Promise.reject(new BackendError('failed', 'Broken.')) : Promise.resolve()
    );
    expect(outcome.done.map(each => each.id)).toEqual(['a', 'c']);
    expect(failuresOf(outcome)).toBe('B: Broken.');
  });
});

describe('code', () => {
  it('uses the tracker where there is one, and quotes what it puts in', () => {
    expect(codeOf(job('a"b'), 'plot', { tracker: 'jobs', connect: '' })).toBe('jobs.plot("a\\"b")');
    expect(codeOf(job('a'), 'xarray', { tracker: '', connect: 'gdc.connect()' })).toContain('gdc.open_result(con.job("a"))');
  });
});
