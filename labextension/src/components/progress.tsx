/** A thin bar that fills from the left. */
import React from 'react';

interface IProgressTrackProps {
  label: string;
  /** In percent. */
  progress: number;
}

export function ProgressTrack({ label, progress }: IProgressTrackProps): React.JSX.Element {
  return (
    <div
      className="gdc-Track"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(progress)}
    >
      <div className="gdc-Track-bar" style={{ width: `${progress}%` }} />
    </div>
  );
}
