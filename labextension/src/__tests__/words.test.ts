import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { formatProgress, formatStatus, summarise } from '../words';
import { JOB_STATUSES } from '../tokens';

const trans = nullTranslator.load('gdc_jupyter');

describe('formatProgress', () => {
  it('does not say 100 % too early', () => {
    expect(formatProgress(99.9)).toBe('99 %');
  });
});

describe('formatStatus', () => {
  it('has a word of its own for every status', () => {
    expect(new Set(JOB_STATUSES.map(status => formatStatus(status, trans))).size).toBe(JOB_STATUSES.length);
  });
});

describe('summarise', () => {
  const job = { id: 'a', title: 'a', progress: null, updated: '' };

  it('counts what runs and what waits', () => {
    const jobs = [
      { ...job, status: 'running' as const },
      { ...job, status: 'queued' as const },
      { ...job, status: 'error' as const }
    ];
    expect(summarise(jobs, trans)).toBe('Data cube: 1 running, 1 queued');
  });

  it('says when nothing runs', () => {
    expect(summarise([], trans)).toBe('Data cube: no job is running');
  });
});
