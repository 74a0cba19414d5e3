import { describe, expect, it, vi } from 'vitest';

import { BackendError } from '../backend/backend';
import { type IMessages, KernelMessages } from '../backend/kernel';
import { isRecord } from '../reading';

class Model implements IMessages {
  sent: Record<string, unknown>[] = [];
  private callbacks = new Set<(content: unknown) => void>();

  send(content: unknown): void {
    if (isRecord(content)) {
      this.sent.push(content);
    }
  }

  on(_: 'msg:custom', callback: (content: unknown) => void): void {
    this.callbacks.add(callback);
  }

  off(_: 'msg:custom', callback: (content: unknown) => void): void {
    this.callbacks.delete(callback);
  }

  answer(fields: Record<string, unknown>, number = 0): void {
    const content = { kind: 'answer', id: this.sent[number]?.id, ...fields };
    this.callbacks.forEach(callback => {
      callback(content);
    });
  }
}

const SOURCES = [{ id: '0', url: 'https://example.org/', title: 'example.org' }];

async function failure(promise: Promise<unknown>): Promise<BackendError> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (!(error instanceof BackendError)) {
    throw new Error(`no error of a back-end: ${String(error)}`);
  }
  return error;
}

describe('KernelMessages', () => {
  it('sends a request to the kernel and gives its answer', async () => {
    const model = new Model();
    const [backend] = new KernelMessages(model).backends(SOURCES);
    const answer = backend?.request('collections', { query: { limit: 5 } });
    expect(model.sent[0]).toMatchObject({ kind: 'request', source: '0', path: 'collections', method: 'GET', query: { limit: 5 } });
    model.answer({ status: 200, body: { collections: [] }, headers: { link: 'x' } });
    expect(await answer).toEqual({ status: 200, body: { collections: [] }, headers: { link: 'x' } });
  });

  it('keeps the answers of several requests and views apart', async () => {
    const model = new Model();
    const [first] = new KernelMessages(model).backends(SOURCES);
    const [second] = new KernelMessages(model).backends(SOURCES);
    const answers = [first, second, first].map((backend, number) => backend?.request(`path-${number}`) ?? Promise.reject(new Error()));
    model.answer({ status: 200, body: 'C' }, 2);
    model.answer({ status: 200, body: 'B' }, 1);
    model.answer({ status: 200, body: 'A' }, 0);
    expect((await Promise.all(answers)).map(answer => answer.body)).toEqual(['A', 'B', 'C']);
  });

  it.each([
    [401, 'signed-out'],
    [403, 'signed-out'],
    [404, 'missing'],
    [501, 'unsupported'],
    [400, 'refused'],
    [500, 'failed']
  ])('tells what the status %i means', async (status, kind) => {
    const model = new Model();
    const answer = failure(new KernelMessages(model).ask('0', 'jobs', {}));
    model.answer({ status, body: { code: 'Code', message: 'What the server says.' } });
    expect(await answer).toMatchObject({ kind, status, code: 'Code', message: 'What the server says.' });
  });

  it('hands on that the back-end is away', async () => {
    const model = new Model();
    const answer = failure(new KernelMessages(model).ask('0', 'jobs', {}));
    model.answer({ failure: 'offline', message: 'example.org does not answer.' });
    expect(await answer).toMatchObject({ kind: 'offline', message: 'example.org does not answer.' });
  });

  it('tells the kernel what is not waited for any more', async () => {
    const model = new Model();
    const abort = new AbortController();
    const answer = failure(new KernelMessages(model).ask('0', 'jobs', { signal: abort.signal }));
    abort.abort();
    expect((await answer).kind).toBe('aborted');
    expect(model.sent[1]).toEqual({ kind: 'abandon', id: model.sent[0]?.id });
  });

  it('does not wait for ever for a kernel', async () => {
    vi.useFakeTimers();
    const answer = failure(new KernelMessages(new Model()).ask('0', 'jobs', {}));
    vi.advanceTimersByTime(90_001);
    expect((await answer).kind).toBe('kernel');
    vi.useRealTimers();
  });

  it('gives up what is open when the widget goes', async () => {
    const messages = new KernelMessages(new Model());
    const answer = failure(messages.ask('0', 'jobs', {}));
    messages.dispose();
    expect((await answer).kind).toBe('aborted');
  });
});
