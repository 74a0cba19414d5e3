/** Where a collection has data, on a small outline of the world. */
import React from 'react';

import { useHost } from '../../host';
import type { Box, ISpatialExtent } from '../../models/extents';
import outline from '../../outline.json';
import { rounded } from './words';

/** What is too small to be seen is drawn as large as this, in degrees. */
const SMALLEST = 5;

export function Footprint({ area, chosen }: { area: ISpatialExtent; chosen: Box | null }): React.JSX.Element {
  const { trans } = useHost();
  const words = area.whole
    ? trans.__(
        'West %1, south %2, east %3, north %4',
        ...area.whole.map((edge, side) => rounded(side === 2 && edge > 180 ? edge - 360 : edge))
      )
    : trans.__('No area is told.');
  return (
    <figure className="gdc-Footprint">
      <svg viewBox="-180 -90 360 180" role="img" aria-label={trans.__('Map of the area. %1', words)}>
        <rect className="gdc-Footprint-sea" x={-180} y={-90} width={360} height={180} />
        <path className="gdc-Footprint-land" d={outline.path} />
        {area.parts.flatMap((part, index) => drawn(part).map((box, turn) => <BoxMark key={`${index} ${turn}`} box={box} kind="area" />))}
        {chosen && drawn(chosen).map((box, turn) => <BoxMark key={turn} box={box} kind="chosen" />)}
      </svg>
      <figcaption>{words}</figcaption>
    </figure>
  );
}

/** A box on the one world that is drawn: twice where it crosses the antimeridian. */
function drawn([west, south, east, north]: Box): Box[] {
  const turned = west < -180 ? 360 : west >= 180 ? -360 : 0;
  const box: Box = [west + turned, south, east + turned, north];
  return box[2] > 180 ? [box, [box[0] - 360, south, box[2] - 360, north]] : [box];
}

function BoxMark({ box: [west, south, east, north], kind }: { box: Box; kind: 'area' | 'chosen' }): React.JSX.Element {
  const width = Math.max(east - west, SMALLEST);
  const height = Math.max(north - south, SMALLEST);
  return (
    <rect
      className={`gdc-Footprint-box gdc-mod-${kind}`}
      x={(west + east - width) / 2}
      y={-(south + north + height) / 2}
      width={width}
      height={height}
    />
  );
}
