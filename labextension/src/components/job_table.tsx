/** The rows of the table of jobs, of which only those in view are made; the focus stays where it is when rows move. */
import { useVirtualizer } from '@tanstack/react-virtual';
import React from 'react';

import { useHost } from '../host';
import type { IJob } from '../models/job';
import { spanOf } from '../models/job_list';
import type { IJobActions } from './job_actions';
import type { JobTab } from './job_detail';
import { JobRow } from './job_row';

export interface IJobTable {
  /** Put the focus on the row that had it last. */
  focus(): void;
}

interface IJobTableProps {
  jobs: readonly IJob[];
  now: number;
  remaining: (job: IJob, now: number) => number | null;
  selected: string | null;
  checked: ReadonlySet<string>;
  busy: ReadonlySet<string>;
  onShow: (job: IJob, tab?: JobTab) => void;
  onCheck: (ids: ReadonlySet<string>) => void;
  onClose: () => void;
  /** Whether each job has two lines, however wide the table is. */
  compact: boolean;
  actions: IJobActions;
}

/** The heights of a row, in pixels, and the width below which it has two lines. */
const LOW = 44;
const HIGH = 82;
const NARROW = 620;
/** Rows that the keys for pages go. */
const PAGE = 8;

export const JobTable = React.forwardRef<IJobTable, IJobTableProps>(function JobTable(props, handle) {
  const { jobs, now, remaining, selected, checked, busy, onShow, onCheck, onClose, compact, actions } = props;
  const { trans } = useHost();
  const grid = React.useRef<HTMLDivElement>(null);
  const isSmall = useNarrow(grid);
  const narrow = compact || isSmall;
  const [active, setActive] = useActive(jobs, selected);
  const anchor = React.useRef<string | null>(null);
  const index = jobs.findIndex(job => job.id === active);

  const rows = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => grid.current,
    estimateSize: () => (narrow ? HIGH : LOW),
    getItemKey: at => jobs[at]?.id ?? at,
    overscan: 6,
    initialRect: { width: 600, height: 420 },
    // The row with the focus stays, however far it is scrolled away.
    rangeExtractor: ({ startIndex, endIndex, overscan, count }) => {
      const from = Math.max(0, startIndex - overscan);
      const to = Math.min(count - 1, endIndex + overscan);
      const range = Array.from({ length: to - from + 1 }, (_, offset) => from + offset);
      return index < 0 || (index >= from && index <= to) ? range : [...range, index].sort((a, b) => a - b);
    }
  });
  React.useEffect(() => {
    rows.measure();
  }, [rows, narrow]);

  const focusRow = React.useCallback((id: string | null) => {
    rowOf(grid.current, id)?.focus({ preventScroll: true });
  }, []);
  const wanted = React.useRef(false);
  React.useImperativeHandle(handle, () => ({
    focus: () => {
      wanted.current = true;
      focusRow(active);
    }
  }));
  const keep = useKeptFocus(grid, wanted, () => {
    focusRow(active);
  });

  const check = (id: string, extend: boolean): void => {
    const isOn = !checked.has(id);
    const ids = extend && anchor.current ? spanOf(jobs, anchor.current, id) : [id];
    const next = new Set(checked);
    for (const each of ids) {
      if (extend || isOn) {
        next.add(each);
      } else {
        next.delete(each);
      }
    }
    anchor.current = extend ? anchor.current : id;
    onCheck(next);
  };
  const go = (to: number, extend: boolean): void => {
    const at = Math.max(0, Math.min(jobs.length - 1, to));
    const target = jobs[at];
    if (!target) {
      return;
    }
    if (extend) {
      anchor.current ??= active;
      onCheck(new Set([...checked, ...spanOf(jobs, anchor.current ?? target.id, target.id)]));
    } else {
      anchor.current = target.id;
    }
    wanted.current = true;
    setActive(target.id);
    rows.scrollToIndex(at);
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const job = jobs[index];
    const onRow = (event.target as Element).getAttribute('role') === 'row';
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + PAGE,
      PageUp: index - PAGE,
      Home: 0,
      End: jobs.length - 1
    };
    const step = steps[event.key];
    if (step !== undefined) {
      go(step, event.shiftKey);
    } else if (event.key === 'Escape' && selected) {
      onClose();
    } else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) {
      onCheck(new Set(jobs.map(each => each.id)));
    } else if (!job || !onRow) {
      return;
    } else if (event.key === ' ') {
      check(job.id, event.shiftKey);
    } else if (event.key === 'Enter') {
      onShow(job);
    } else if (event.key === 'F2') {
      onShow(job, 'rename');
    } else if (event.key === 'Delete') {
      actions.act('remove', [job]);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      ref={grid}
      className={`gdc-Jobs-grid ${narrow ? 'gdc-mod-narrow' : ''}`}
      role="grid"
      aria-label={trans.__('Batch jobs')}
      aria-rowcount={jobs.length + 1}
      aria-multiselectable="true"
      // The keys are ours here: in a notebook they would go through its cells.
      data-lm-suppress-shortcuts="true"
      onKeyDown={onKeyDown}
      {...keep}
    >
      <div role="rowgroup" className="gdc-Jobs-head">
        <div role="row" className="gdc-Jobs-columns" aria-rowindex={1}>
          {[trans.__('Tick'), trans.__('Job'), trans.__('Status'), trans.__('Progress'), trans.__('Time'), trans.__('Actions')].map(
            name => (
              <span key={name} role="columnheader">
                {name}
              </span>
            )
          )}
        </div>
      </div>
      <div role="rowgroup" className="gdc-Jobs-rows" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(item => {
          const job = jobs[item.index];
          return (
            job && (
              <JobRow
                key={job.id}
                job={job}
                index={item.index}
                top={item.start}
                height={item.size}
                now={job.status === 'running' ? now : 0}
                remaining={job.status === 'running' ? remaining(job, now) : null}
                isActive={job.id === active}
                isSelected={job.id === selected}
                isChecked={checked.has(job.id)}
                isBusy={busy.has(job.id)}
                onCheck={check}
                onFocus={setActive}
                onShow={onShow}
                onAct={actions.act}
              />
            )
          );
        })}
      </div>
    </div>
  );
});

/** The row that has the focus, or would get it: when its job is gone, the one that took its place. */
function useActive(jobs: readonly IJob[], selected: string | null): [string | null, (id: string) => void] {
  const [active, setActive] = React.useState<string | null>(selected);
  const place = React.useRef(0);
  const at = jobs.findIndex(job => job.id === active);
  const next = at >= 0 ? active : (jobs[Math.min(place.current, jobs.length - 1)]?.id ?? null);
  React.useLayoutEffect(() => {
    if (at >= 0) {
      place.current = at;
    } else if (next !== active) {
      setActive(next);
    }
  }, [at, next, active]);
  return [next, setActive];
}

/** Give the focus back when what had it inside an element is gone, but not when somebody has put it elsewhere. */
function useKeptFocus(
  element: React.RefObject<HTMLElement>,
  wanted: React.MutableRefObject<boolean>,
  focus: () => void
): { onFocus: () => void; onBlur: (event: React.FocusEvent) => void } {
  const inside = React.useRef(false);
  React.useLayoutEffect(() => {
    const focused = element.current?.ownerDocument.activeElement;
    const isLost = inside.current && (!focused || focused === focused.ownerDocument.body);
    if (isLost || wanted.current) {
      wanted.current = false;
      focus();
    }
  });
  return {
    onFocus: () => {
      inside.current = true;
    },
    onBlur: event => {
      // Not while the whole window has lost it: it comes back with the window.
      if (event.relatedTarget || event.currentTarget.ownerDocument.hasFocus()) {
        inside.current = event.currentTarget.contains(event.relatedTarget);
      }
    }
  };
}

function rowOf(grid: HTMLElement | null, id: string | null): HTMLElement | undefined {
  return [...(grid?.querySelectorAll<HTMLElement>('[data-job]') ?? [])].find(row => row.dataset.job === id);
}

function useNarrow(element: React.RefObject<HTMLElement>): boolean {
  const [narrow, setNarrow] = React.useState(false);
  React.useLayoutEffect(() => {
    const node = element.current;
    if (!node) {
      return undefined;
    }
    const measure = (): void => {
      setNarrow(node.clientWidth > 0 && node.clientWidth < NARROW);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => {
      observer.disconnect();
    };
  }, [element]);
  return narrow;
}
