/** When a collection has data, as a strip of bars. */
import React from 'react';

import type { IBackend } from '../../backend/backend';
import { useHost } from '../../host';
import { countItems, type IAvailability, type IPeriod, toldAvailability } from '../../models/availability';
import type { ICollection } from '../../models/collections';
import type { Interval } from '../../models/extents';
import type { ITranslation } from '../../translation';
import { daysOf } from './words';

const HEIGHT = 36;
const WIDTH = 480;

interface IAvailabilityStripProps {
  collection: ICollection;
  /** Who counts the items; nobody where they cannot be searched. */
  backend: IBackend | null;
  fields: boolean;
  chosen: Interval | null;
  onPeriod: (interval: Interval) => void;
}

export function AvailabilityStrip({ collection, backend, fields, chosen, onPeriod }: IAvailabilityStripProps): React.JSX.Element {
  const { trans } = useHost();
  const availability = useAvailability(collection, backend, fields);
  if (!availability?.periods.length) {
    return <p className="gdc-Availability-none">{daysOf(collection, trans)}</p>;
  }
  const { periods } = availability;
  const most = Math.max(...periods.map(({ count }) => count), 1);
  const total = periods.reduce((sum, { count }) => sum + count, 0);
  return (
    <figure className="gdc-Availability">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={trans.__('Availability over time, %1. %2', daysOf(collection, trans), sentence(availability, total, trans))}
      >
        {periods.map((period, index) => (
          <Bar
            key={period.start}
            period={period}
            x={(index * WIDTH) / periods.length}
            width={WIDTH / periods.length}
            height={(period.count / most) * HEIGHT}
            isChosen={meets(period, chosen)}
            isCounted={availability.of !== 'extent'}
            onPick={() => {
              onPeriod([period.start, period.end]);
            }}
          />
        ))}
      </svg>
      <figcaption>
        <span>{periods[0]?.label}</span>
        <span>{sentence(availability, total, trans)}</span>
        <span>{periods.at(-1)?.label}</span>
      </figcaption>
    </figure>
  );
}

interface IBarProps {
  period: IPeriod;
  x: number;
  width: number;
  height: number;
  isChosen: boolean;
  isCounted: boolean;
  onPick: () => void;
}

// A pointer picks a period here; by keyboard the same is done in the fields of the time.
function Bar({ period, x, width, height, isChosen, isCounted, onPick }: IBarProps): React.JSX.Element {
  const gap = width > 3 ? 1 : 0;
  return (
    <g className={`gdc-Availability-period${isChosen ? ' gdc-mod-chosen' : ''}`} onClick={onPick}>
      <title>{isCounted ? `${period.label}: ${period.count}` : period.label}</title>
      <rect className="gdc-Availability-back" x={x} y={0} width={width - gap} height={HEIGHT} />
      {period.count > 0 && (
        <rect className="gdc-Availability-bar" x={x} y={HEIGHT - Math.max(height, 2)} width={width - gap} height={Math.max(height, 2)} />
      )}
    </g>
  );
}

function sentence({ of, partial }: IAvailability, total: number, trans: ITranslation): string {
  switch (of) {
    case 'items':
      return partial ? trans.__('the first %1 items', total) : trans._n('%1 item', '%1 items', total);
    case 'dates':
      return trans._n('%1 date', '%1 dates', total);
    case 'extent':
      return trans.__('by its temporal extent');
  }
}

function meets({ start, end }: IPeriod, chosen: Interval | null): boolean {
  return chosen !== null && (chosen[0] === null || chosen[0] < end) && (chosen[1] === null || chosen[1] > start);
}

function useAvailability(collection: ICollection, backend: IBackend | null, fields: boolean): IAvailability | null {
  const told = React.useMemo(() => toldAvailability(collection, new Date()), [collection]);
  const [counted, setCounted] = React.useState<{ key: string; availability: IAvailability } | null>(null);
  const { key, id, interval } = collection;
  const needsCount = told?.of !== 'dates' && backend !== null;
  const [start, end] = interval ?? [null, null];
  React.useEffect(() => {
    if (!needsCount) {
      return;
    }
    const abort = new AbortController();
    const extent: Interval | null = start === null && end === null ? null : [start, end];
    countItems(backend, { id, interval: extent }, { fields, now: new Date(), signal: abort.signal }).then(
      availability => {
        setCounted({ key, availability });
      },
      () => {
        // What the extent tells stays.
      }
    );
    return () => {
      abort.abort();
    };
  }, [backend, key, id, start, end, fields, needsCount]);
  return counted?.key === key && counted.availability.periods.length ? counted.availability : told;
}
