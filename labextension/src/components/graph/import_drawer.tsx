/** Takes over a process from JSON, a file, a job or a stored process. */
import React from 'react';

import { asBackendError, BackendError, pathOf } from '../../backend/backend';
import { useHost } from '../../host';
import { listOf, textOf } from '../../reading';
import { useAttempt, useEditor } from './context';
import { Drawer, RequestProblem } from './drawer';

/** So many jobs are offered, the newest. */
const MOST_JOBS = 100;

interface IOffered {
  readonly path: string;
  readonly label: string;
}

export function ImportDrawer({ onClose }: { onClose: () => void }): React.JSX.Element {
  const { model, services, say } = useEditor();
  const { trans } = useHost();
  const attempt = useAttempt();
  const id = React.useId();
  const [text, setText] = React.useState('');
  const [refused, setRefused] = React.useState<string | null>(null);
  const [problem, setProblem] = React.useState<BackendError | null>(null);
  const [jobs, setJobs] = React.useState<IOffered[] | null>(null);
  const { backend } = services;

  React.useEffect(() => {
    const abort = new AbortController();
    backend
      .request('jobs', { query: { limit: MOST_JOBS }, signal: abort.signal })
      .then(({ body }) => {
        setJobs(listOf(body, 'jobs').slice(0, MOST_JOBS).flatMap(offeredJob));
      })
      .catch(() => {
        setJobs([]);
      });
    return () => {
      abort.abort();
    };
  }, [backend]);

  const take = (source: unknown): void => {
    const reason = attempt(() => {
      model.load(source);
    });
    setRefused(reason);
    if (reason === null) {
      model.select(null);
      say(trans.__('The process is taken over; undo gives back what was here.'));
      onClose();
    }
  };
  const fetch = (path: string): void => {
    setProblem(null);
    backend
      .request(path)
      .then(({ body }) => {
        take(body);
      })
      .catch((error: unknown) => {
        setProblem(asBackendError(error));
      });
  };
  const stored = model.processes.all
    .filter(({ namespace }) => namespace === 'user')
    .map(process => ({ path: pathOf('process_graphs', process.id), label: `${process.id} ${process.summary}` }));

  return (
    <Drawer title={trans.__('Import a process')} onClose={onClose}>
      <label htmlFor={`${id}-text`}>{trans.__('JSON of a process, a graph or a job')}</label>
      <textarea
        id={`${id}-text`}
        className="gdc-Input gdc-mod-code"
        rows={5}
        spellCheck={false}
        aria-invalid={refused !== null || undefined}
        aria-describedby={`${id}-refused`}
        value={text}
        onChange={event => {
          setText(event.target.value);
          setRefused(null);
        }}
      />
      <p id={`${id}-refused`} role="status" className="gdc-Field-fault">
        {refused}
      </p>
      <div className="gdc-Drawer-row">
        <button
          type="button"
          className="gdc-Button gdc-mod-primary"
          disabled={text.trim() === ''}
          onClick={() => {
            take(text);
          }}
        >
          {trans.__('Take over')}
        </button>
        <label className="gdc-Drawer-file">
          {trans.__('or a file')}{' '}
          <input
            type="file"
            accept=".json,application/json"
            onChange={event => {
              void event.target.files?.[0]?.text().then(take);
            }}
          />
        </label>
      </div>
      <Choice label={trans.__('A stored process')} offered={stored} none={trans.__('You have stored none.')} onTake={fetch} />
      <Choice
        label={trans.__('A job')}
        offered={jobs ?? []}
        none={jobs ? trans.__('There are no jobs of yours, or you are not signed in.') : trans.__('The jobs are loading…')}
        onTake={fetch}
      />
      <RequestProblem problem={problem} />
    </Drawer>
  );
}

function offeredJob(job: unknown): IOffered[] {
  const id = textOf(job, 'id');
  const title = textOf(job, 'title') || id;
  return id ? [{ path: pathOf('jobs', id), label: `${title} (${textOf(job, 'status')}, ${textOf(job, 'created').slice(0, 16)})` }] : [];
}

interface IChoiceProps {
  label: string;
  offered: readonly IOffered[];
  none: string;
  onTake: (path: string) => void;
}

function Choice({ label, offered, none, onTake }: IChoiceProps): React.JSX.Element {
  const { trans } = useHost();
  const id = React.useId();
  const [path, setPath] = React.useState('');
  return (
    <div className="gdc-Drawer-row">
      <label htmlFor={id}>{label}</label>
      {offered.length === 0 ? (
        <span className="gdc-Field-hint">{none}</span>
      ) : (
        <>
          <select
            id={id}
            className="gdc-Select"
            value={path}
            onChange={event => {
              setPath(event.target.value);
            }}
          >
            <option value="">{trans.__('Choose…')}</option>
            {offered.map(each => (
              <option key={each.path} value={each.path}>
                {each.label}
              </option>
            ))}
          </select>
          <button
            type="button"
            className="gdc-Button"
            disabled={path === ''}
            onClick={() => {
              onTake(path);
            }}
          >
            {trans.__('Open')}
          </button>
        </>
      )}
    </div>
  );
}
