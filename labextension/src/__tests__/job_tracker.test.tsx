import { cleanup, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { BackendError, type IAnswer, type IRequestOptions } from '../backend/backend';
import { JobTracker } from '../components/job_tracker';
import { HostContext, type IHost } from '../host';
import { type IJob } from '../models/job';
import { JobRequests } from '../models/job_requests';
import type { IJobsState, IJobSource } from '../models/job_source';
import { englishWords } from '../translation';

function job(id: string, status: string, more: Partial<IJob> = {}): IJob {
  const created = `2026-01-01T00:00:0${id.length}Z`;
  return { id, title: `Job ${id}`, status, progress: null, created, updated: created, started: null, duration: null, ...more };
}

class Source implements IJobSource {
  constructor(jobs: IJob[]) {
    this.known = { jobs, loaded: true, problem: null };
  }

  readonly server = 'backend';
  readonly backend = '0';
  readonly asked: string[] = [];
  readonly answers: Record<string, unknown> = {};
  readonly requests = new JobRequests({
    id: '0',
    url: 'http://backend/',
    title: 'backend',
    request: (path: string, { method = 'GET' }: IRequestOptions = {}): Promise<IAnswer> => {
      this.asked.push(`${method} ${path}`);
      const answer = this.answers[`${method} ${path}`] ?? {};
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ status: 200, body: answer, headers: {} });
    }
  });
  refreshed = 0;

  state(): IJobsState {
    return this.known;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  refresh(): void {
    this.refreshed += 1;
  }

  set(change: Partial<IJobsState>): void {
    this.known = { ...this.known, ...change };
    React.act(() => {
      for (const listener of this.listeners) {
        listener();
      }
    });
  }

  private known: IJobsState;
  private readonly listeners = new Set<() => void>();
}

function Shown({ source, host }: { source: IJobSource; host?: Partial<IHost> }): React.JSX.Element {
  const [selected, select] = React.useState<string | null>(null);
  const whole: IHost = { trans: englishWords, insertCode: () => Promise.resolve(false), ...host };
  const place = { codeOf: () => 'print(1)' };
  return (
    <HostContext.Provider value={whole}>
      <JobTracker source={source} place={place} selected={selected} onSelect={select} />
    </HostContext.Provider>
  );
}

const row = (name: string): HTMLElement => screen.getByRole('row', { name: new RegExp(name) });

beforeEach(() => {
  vi.stubGlobal(
    'ResizeObserver',
    class {
      observe(): void {
        return;
      }
      unobserve(): void {
        return;
      }
      disconnect(): void {
        return;
      }
    }
  );
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('JobTracker', () => {
  it('makes rows only for what is in view', () => {
    render(<Shown source={new Source(Array.from({ length: 500 }, (_, number) => job(`j${number}`, 'finished')))} />);
    expect(screen.getByRole('grid', { name: 'Batch jobs' }).getAttribute('aria-rowcount')).toBe('501');
    expect(screen.getAllByRole('row').length).toBeLessThan(40);
  });

  it('says what is known of progress and nothing more', () => {
    render(<Shown source={new Source([job('a', 'running', { progress: 41.9 }), job('bb', 'running')])} />);
    expect(screen.getByRole('progressbar', { name: 'Progress of Job a' }).getAttribute('aria-valuenow')).toBe('41');
    expect(screen.getByRole('progressbar', { name: 'Progress of Job bb' }).hasAttribute('aria-valuenow')).toBe(false);
  });

  it('asks once before it deletes several, and says which could not be deleted', async () => {
    const user = userEvent.setup();
    const source = new Source([job('a', 'finished'), job('bb', 'error'), job('ccc', 'created')]);
    source.answers['DELETE jobs/bb'] = new BackendError('failed', 'Disk <b>full</b>.');
    render(<Shown source={source} />);
    await user.click(screen.getByRole('checkbox', { name: 'Tick Job a' }));
    await user.keyboard('{Shift>}');
    await user.click(screen.getByRole('checkbox', { name: 'Tick Job ccc' }));
    await user.keyboard('{/Shift}');
    await user.click(screen.getByRole('button', { name: 'Delete 3…' }));
    expect(source.asked.filter(each => each.startsWith('DELETE'))).toEqual([]);
    const question = screen.getByRole('alertdialog', { name: 'Delete 3 jobs with their results?' });
    await user.click(within(question).getByRole('button', { name: 'Delete' }));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('1 of 3 jobs could not be deleted');
    expect(alert.textContent).toContain('Job bb: Disk <b>full</b>.');
    expect(source.refreshed).toBe(1);
  });

  it('keeps the focus in the table when its row is gone', async () => {
    const user = userEvent.setup();
    const jobs = [job('a', 'created'), job('bb', 'created'), job('ccc', 'created')];
    const source = new Source(jobs);
    render(<Shown source={source} />);
    row('Job ccc').focus();
    await user.keyboard('{ArrowDown}');
    expect(document.activeElement).toBe(row('Job bb'));
    source.set({ jobs: jobs.filter(each => each.id !== 'bb') });
    expect(document.activeElement).toBe(row('Job a'));
    // Elsewhere it is left alone.
    screen.getByRole('searchbox').focus();
    source.set({ jobs: jobs.slice(2) });
    expect(document.activeElement).toBe(screen.getByRole('searchbox'));
  });

  it('tells of jobs that begin and end, not of their progress', () => {
    const source = new Source([job('a', 'running', { progress: 1 })]);
    render(<Shown source={source} />);
    const said = (): string => document.querySelector('.gdc-visually-hidden[role=status]')?.textContent.trim() ?? '';
    source.set({ jobs: [job('a', 'running', { progress: 50 })] });
    expect(said()).toBe('');
    source.set({ jobs: [job('a', 'finished', { progress: 100 })] });
    expect(said()).toBe('Job a: Finished.');
  });

  it('keeps a name that the back-end refuses', async () => {
    const user = userEvent.setup();
    const source = new Source([job('a', 'finished')]);
    source.answers['PATCH jobs/a'] = new BackendError('refused', 'The name is taken.');
    render(<Shown source={source} />);
    row('Job a').focus();
    await user.keyboard('{F2}');
    await user.keyboard('Other{Enter}');
    await waitFor(() => {
      expect(screen.getByText(/The name is taken/)).toBeTruthy();
    });
    expect(screen.getByRole<HTMLInputElement>('textbox', { name: 'New name' }).value).toBe('Other');
  });

  it('opens the graph where there is an editor, and shows code where there is no notebook', async () => {
    const user = userEvent.setup();
    const source = new Source([job('a', 'finished')]);
    source.answers['GET jobs/a'] = { id: 'a', process: { process_graph: { x: {} } } };
    const openGraph = vi.fn();
    render(<Shown source={source} host={{ openGraph }} />);
    await user.click(screen.getByRole('button', { name: 'Results: Job a' }));
    await user.click(screen.getByRole('button', { name: 'Open graph' }));
    await waitFor(() => {
      expect(openGraph).toHaveBeenCalledWith({ process_graph: { x: {} } }, 'Job a');
    });
    await user.click(screen.getByRole('button', { name: 'Code: plot' }));
    expect((await screen.findByLabelText('Code to copy')).textContent).toBe('print(1)');
  });

  it('tells why there are no jobs, and what to do', () => {
    const source = new Source([]);
    render(<Shown source={source} />);
    expect(screen.getByText(/No jobs yet/)).toBeTruthy();
    source.set({ problem: new BackendError('signed-out', 'Log in, as with authenticate_basic.') });
    expect(screen.getByRole('alert').textContent).toContain('Log in, as with authenticate_basic.');
    source.set({ jobs: [job('a', 'hibernating')], problem: new BackendError('offline', '') });
    expect(row('Job a').textContent).toContain('hibernating');
  });
});
