/** The files that a job has made, and what can be done with them. */
import React from 'react';

import { asBackendError, type BackendError } from '../backend/backend';
import { useHost } from '../host';
import { type IJob, nameOf } from '../models/job';
import type { IAsset } from '../models/job_requests';
import type { IJobSource } from '../models/job_source';
import { formatBytes } from '../words';
import type { IJobPlace, IOpenedResult } from './job_hooks';
import { Loading, Problem } from './states';

interface IJobResultsProps {
  job: IJob;
  source: IJobSource;
  place: IJobPlace;
  onLog: () => void;
}

export function JobResults({ job, source, place, onLog }: IJobResultsProps): React.JSX.Element {
  const { trans } = useHost();
  const { assets, problem, reload } = useResults(job, source);
  if (job.status !== 'finished') {
    return (
      <p className="gdc-Jobs-note">
        {job.status === 'error' ? trans.__('The job failed.') : trans.__('There are results when the job is finished.')}{' '}
        <button type="button" className="gdc-Button" onClick={onLog}>
          {trans.__('Show the log')}
        </button>
      </p>
    );
  }
  return (
    <>
      <ResultButtons job={job} place={place} backend={source.backend || undefined} />
      {place.opened?.job === job.id && <Opened result={place.opened} name={nameOf(job)} />}
      {problem && <Problem problem={problem} server={source.server} onRetry={reload} />}
      {!assets && !problem && <Loading what={trans.__('Asking for the results…')} />}
      {assets && !assets.length && <p className="gdc-Jobs-note">{trans.__('The job has made no files.')}</p>}
      {assets && assets.length > 0 && <Assets assets={assets} place={place} />}
    </>
  );
}

function Assets({ assets, place }: { assets: readonly IAsset[]; place: IJobPlace }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <ul className="gdc-Jobs-assets" aria-label={trans.__('Files of the result')}>
      {assets.map(({ name, title, type, size, href }) => (
        <li key={name}>
          {href ? (
            <a href={place.addressOf?.(href) ?? href} download={name} target="_blank" rel="noreferrer" aria-label={trans.__('Download %1', name)}>
              {name}
            </a>
          ) : (
            <span>{name}</span>
          )}
          <span className="gdc-Jobs-note">{[title === name ? '' : title, type, size === null ? '' : formatBytes(size)].filter(Boolean).join(' · ')}</span>
        </li>
      ))}
    </ul>
  );
}

interface IResultButtonsProps {
  job: IJob;
  place: IJobPlace;
  backend: string | undefined;
}

function ResultButtons({ job, place, backend }: IResultButtonsProps): React.JSX.Element {
  const host = useHost();
  const { trans } = host;
  const [code, setCode] = React.useState('');
  const insert = async (kind: 'xarray' | 'plot'): Promise<void> => {
    const wanted = place.codeOf(job, kind);
    setCode((await host.insertCode(wanted, `job ${job.id}`)) ? '' : wanted);
  };
  const button = (text: string, act: () => void): React.JSX.Element => (
    <button type="button" className="gdc-Button" onClick={act}>
      {text}
    </button>
  );
  return (
    <>
      <div className="gdc-Jobs-buttons" role="group" aria-label={trans.__('What can be done with the results')}>
        {place.openResult && button(trans.__('Open result'), () => { place.openResult?.(job); })}
        {button(trans.__('Code: open as xarray'), () => void insert('xarray'))}
        {button(trans.__('Code: plot'), () => void insert('plot'))}
        {host.showOnMap && button(trans.__('Show on map'), () => { host.showOnMap?.({ job: job.id, title: nameOf(job), backend }); })}
        {place.saveResult && button(trans.__('Save files'), () => { place.saveResult?.(job); })}
      </div>
      {code && (
        <div className="gdc-Jobs-code">
          <p className="gdc-Jobs-note">{trans.__('There is no notebook to put this into. Copy it:')}</p>
          <pre tabIndex={0} aria-label={trans.__('Code to copy')}>
            {code}
          </pre>
        </div>
      )}
    </>
  );
}

/** A result that is open in the kernel: its dimensions, and a picture of its first layer. */
function Opened({ result: { text, picture }, name }: { result: IOpenedResult; name: string }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <div className="gdc-Jobs-opened">
      {picture && (
        <figure>
          <img src={picture.url} alt={trans.__('First layer of %1', name)} />
          <figcaption>
            <span>{Number(picture.low.toPrecision(3))}</span>
            <span className="gdc-Jobs-ramp" />
            <span>{Number(picture.high.toPrecision(3))}</span>
          </figcaption>
        </figure>
      )}
      <p>
        {trans.__('An xarray.DataArray, in the attribute')} <code>result</code> {trans.__('of this tracker:')}
        <br />
        <code>{text}</code>
      </p>
    </div>
  );
}

interface IResults {
  assets: readonly IAsset[] | null;
  problem: BackendError | null;
  reload: () => void;
}

function useResults(job: IJob, source: IJobSource): IResults {
  const [assets, setAssets] = React.useState<readonly IAsset[] | null>(null);
  const [problem, setProblem] = React.useState<BackendError | null>(null);
  const [turn, setTurn] = React.useState(0);
  const finished = job.status === 'finished';
  React.useEffect(() => {
    let isWanted = finished;
    setProblem(null);
    if (finished) {
      source.requests.results(job.id).then(
        found => {
          if (isWanted) {
            setAssets(found);
          }
        },
        (error: unknown) => {
          if (isWanted) {
            setProblem(asBackendError(error));
          }
        }
      );
    }
    return () => {
      isWanted = false;
    };
  }, [job.id, finished, job.updated, source, turn]);
  return {
    assets,
    problem,
    reload: () => {
      setTurn(before => before + 1);
    }
  };
}
