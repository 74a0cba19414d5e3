/** A thin bar that fills from the left. */
import React from 'react';

interface IProgressTrackProps {
  label: string;
  /** In percent; null where it is not known how far it is. */
  progress: number | null;
}

export function ProgressTrack({ label, progress }: IProgressTrackProps): React.JSX.Element {
  return (
    <div
      className={`gdc-Track ${progress === null ? 'gdc-mod-unknown' : ''}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={progress === null ? undefined : Math.floor(progress)}
    >
      <div className="gdc-Track-bar" style={{ width: `${progress ?? 100}%` }} />
    </div>
  );
}
