/** One job in detail: what is known of it, its log, its results, and all that can be done with it. */
import React from 'react';

import { useHost } from '../host';
import { type IJob, isActive, nameOf } from '../models/job';
import type { IJobSource } from '../models/job_source';
import type { IJobActions } from './job_actions';
import type { IJobPlace } from './job_hooks';
import { JobLog } from './job_log';
import { JobOverview } from './job_overview';
import { JobResults } from './job_results';
import { StatusBadge } from './job_row';

const TABS = ['overview', 'log', 'results'] as const;

/** What of a job is shown; `rename` is the overview with the name to be typed. */
export type JobTab = (typeof TABS)[number] | 'rename';

/** What people most likely want to see of a job. */
export function tabFor(job: IJob): JobTab {
  switch (job.status) {
    case 'finished':
      return 'results';
    case 'error':
    case 'running':
      return 'log';
    default:
      return 'overview';
  }
}

interface IJobDetailProps {
  job: IJob;
  source: IJobSource;
  place: IJobPlace;
  now: number;
  remaining: number | null;
  tab: JobTab;
  onTab: (tab: JobTab) => void;
  onClose: () => void;
  actions: IJobActions;
}

export function JobDetail(props: IJobDetailProps): React.JSX.Element {
  const { job, source, place, now, remaining, tab, onTab, onClose, actions } = props;
  const { trans } = useHost();
  const id = React.useId();
  const shown = tab === 'rename' ? 'overview' : tab;
  return (
    <section
      className="gdc-Jobs-detail"
      aria-label={trans.__('Job %1', nameOf(job))}
      onKeyDown={event => {
        if (event.key === 'Escape' && !event.defaultPrevented) {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <header>
        {tab === 'rename' ? (
          <Renaming job={job} actions={actions} onDone={() => { onTab('overview'); }} />
        ) : (
          <h4>{nameOf(job)}</h4>
        )}
        <StatusBadge status={job.status} />
        <button type="button" className="gdc-Button gdc-mod-plain" aria-label={trans.__('Close the details')} onClick={onClose}>
          ×
        </button>
      </header>
      <DetailButtons {...props} />
      <div role="tablist" className="gdc-Jobs-tabs" aria-label={trans.__('Parts of the details')} onKeyDown={event => { turn(event, shown, onTab); }}>
        {TABS.map(each => (
          <button
            key={each}
            type="button"
            role="tab"
            id={`${id}-${each}`}
            aria-selected={each === shown}
            aria-controls={`${id}-panel`}
            tabIndex={each === shown ? 0 : -1}
            onClick={() => {
              onTab(each);
            }}
          >
            {{ overview: trans.__('Overview'), log: trans.__('Log'), results: trans.__('Results') }[each]}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown}`} className="gdc-Jobs-panel">
        {shown === 'overview' && <JobOverview job={job} source={source} now={now} remaining={remaining} />}
        {shown === 'log' && <JobLog job={job} source={source} />}
        {shown === 'results' && <JobResults job={job} source={source} place={place} onLog={() => { onTab('log'); }} />}
      </div>
    </section>
  );
}

/** Go from tab to tab with the arrow keys. */
function turn(event: React.KeyboardEvent, shown: string, onTab: (tab: JobTab) => void): void {
  const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
  if (step === undefined) {
    return;
  }
  event.preventDefault();
  const at = (TABS.findIndex(each => each === shown) + step) % TABS.length;
  const next = TABS[at];
  if (next) {
    onTab(next);
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[at]?.focus();
  }
}

function DetailButtons({ job, onTab, actions }: IJobDetailProps): React.JSX.Element {
  const { trans } = useHost();
  const atWork = isActive(job);
  const button = (text: string, act: () => void, kind = ''): React.JSX.Element => (
    <button type="button" className={`gdc-Button ${kind}`} onClick={act}>
      {text}
    </button>
  );
  return (
    <div className="gdc-Jobs-buttons" role="group" aria-label={trans.__('What can be done with the job')}>
      {!atWork && button(job.status === 'finished' ? trans.__('Run again') : trans.__('Start'), () => { actions.act('start', [job]); })}
      {atWork && button(trans.__('Cancel'), () => { actions.act('cancel', [job]); })}
      {!atWork && button(trans.__('Rename'), () => { onTab('rename'); })}
      {button(trans.__('Duplicate'), () => { actions.duplicate(job); })}
      {actions.openGraph && button(trans.__('Open graph'), () => { actions.openGraph?.(job); })}
      {!atWork && button(trans.__('Delete…'), () => { actions.act('remove', [job]); }, 'gdc-mod-danger')}
    </div>
  );
}

interface IRenamingProps {
  job: IJob;
  actions: IJobActions;
  onDone: () => void;
}

/** A field for the new name; it stays, with what was typed, where the back-end refuses the name. */
function Renaming({ job, actions, onDone }: IRenamingProps): React.JSX.Element {
  const { trans } = useHost();
  const [title, setTitle] = React.useState(job.title);
  const field = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => {
    field.current?.select();
  }, []);
  const save = async (): Promise<void> => {
    if (title.trim() === job.title || (await actions.rename(job, title.trim()))) {
      onDone();
    }
  };
  return (
    <form
      className="gdc-Jobs-rename"
      onSubmit={event => {
        event.preventDefault();
        void save();
      }}
    >
      <input
        ref={field}
        className="gdc-Input"
        aria-label={trans.__('New name')}
        autoFocus
        value={title}
        onChange={event => {
          setTitle(event.target.value);
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            onDone();
          } else if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
            // In a notebook the Enter key does not submit forms by itself.
            event.preventDefault();
            void save();
          }
        }}
      />
      <button type="submit" className="gdc-Button gdc-mod-primary">
        {trans.__('Save')}
      </button>
      <button type="button" className="gdc-Button" onClick={onDone}>
        {trans.__('Keep the old name')}
      </button>
    </form>
  );
}
