/** What is known of a job, and before it runs, what it would take. */
import React from 'react';

import { useHost } from '../host';
import { type IJob, isKnownStatus } from '../models/job';
import type { IEstimate } from '../models/job_requests';
import type { IJobSource } from '../models/job_source';
import { elapsedOf } from '../models/job_times';
import { textOf } from '../reading';
import type { ITranslation } from '../translation';
import { formatBytes, formatDuration, formatMoment, formatRemaining, formatStatus } from '../words';

interface IJobOverviewProps {
  job: IJob;
  source: IJobSource;
  now: number;
  remaining: number | null;
}

export function JobOverview({ job, source, now, remaining }: IJobOverviewProps): React.JSX.Element {
  const { trans } = useHost();
  const estimate = useEstimate(job, source);
  const description = useDescription(job, source);
  const elapsed = elapsedOf(job, now);
  const facts: [string, string | null][] = [
    [trans.__('Description'), description],
    [trans.__('Id'), job.id],
    [trans.__('Status'), isKnownStatus(job.status) ? null : trans.__('%1, which is no status of openEO', formatStatus(job.status, trans))],
    [trans.__('Made'), formatMoment(job.created)],
    [trans.__('Changed'), job.updated === job.created ? null : formatMoment(job.updated)],
    [job.status === 'running' ? trans.__('Runs for') : trans.__('Ran for'), elapsed === null ? null : formatDuration(elapsed, trans)],
    [trans.__('Still needs'), remaining === null ? null : formatRemaining(remaining, trans)],
    [trans.__('Would take'), estimate && inWords(estimate, trans)]
  ];
  return (
    <dl className="gdc-Jobs-facts">
      {facts.map(
        ([name, value]) =>
          value && (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </React.Fragment>
          )
      )}
    </dl>
  );
}

function inWords({ seconds, bytes, costs }: IEstimate, trans: ITranslation): string {
  const parts = [
    seconds === null ? '' : formatRemaining(seconds, trans),
    bytes === null ? '' : trans.__('%1 of results', formatBytes(bytes)),
    costs === null ? '' : trans.__('costs %1', costs)
  ];
  return parts.filter(Boolean).join(', ');
}

/** What a job that has not run yet would take; null where the back-end cannot say it. */
function useEstimate(job: IJob, source: IJobSource): IEstimate | null {
  const [estimate, setEstimate] = React.useState<IEstimate | null>(null);
  const waits = job.status === 'created';
  React.useEffect(() => {
    let isWanted = waits;
    setEstimate(null);
    if (waits) {
      // Without an estimate the job can be started all the same.
      source.requests.estimate(job.id).then(
        found => {
          if (isWanted) {
            setEstimate(found);
          }
        },
        () => undefined
      );
    }
    return () => {
      isWanted = false;
    };
  }, [job.id, waits, source]);
  return estimate;
}

function useDescription(job: IJob, source: IJobSource): string {
  const [description, setDescription] = React.useState('');
  React.useEffect(() => {
    let isWanted = true;
    source.requests.describe(job.id).then(
      found => {
        if (isWanted) {
          setDescription(textOf(found, 'description'));
        }
      },
      () => undefined
    );
    return () => {
      isWanted = false;
    };
  }, [job.id, source]);
  return description;
}
