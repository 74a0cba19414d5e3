/** The bands and the dimensions of a collection as tables. */
import React from 'react';

import { useHost } from '../../host';
import type { IBand, IDimension } from '../../models/collections';
import { rounded } from './words';

const FEW_VALUES = 8;

export function BandTable({ bands }: { bands: readonly IBand[] }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <div className="gdc-Table-frame" tabIndex={0} role="region" aria-label={trans.__('Bands')}>
      <table className="gdc-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Common name')}</th>
            <th scope="col">{trans.__('Wavelength (µm)')}</th>
            <th scope="col">{trans.__('Unit')}</th>
            <th scope="col">{trans.__('Description')}</th>
          </tr>
        </thead>
        <tbody>
          {bands.map(({ name, commonName, wavelength, unit, description }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{commonName}</td>
              <td>{wavelength === null ? '' : rounded(wavelength)}</td>
              <td>{unit}</td>
              <td>{description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function DimensionTable({ dimensions }: { dimensions: readonly IDimension[] }): React.JSX.Element {
  const { trans } = useHost();
  return (
    <div className="gdc-Table-frame" tabIndex={0} role="region" aria-label={trans.__('Dimensions')}>
      <table className="gdc-Table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col">{trans.__('Values')}</th>
            <th scope="col">{trans.__('Step')}</th>
            <th scope="col">{trans.__('Reference system')}</th>
          </tr>
        </thead>
        <tbody>
          {dimensions.map(dimension => (
            <tr key={dimension.name}>
              <th scope="row">{dimension.name}</th>
              <td>{dimension.type}</td>
              <td>{valuesOf(dimension)}</td>
              <td>{dimension.step === null ? '' : `${rounded(dimension.step, 6)} ${dimension.unit}`}</td>
              <td>{dimension.referenceSystem}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function valuesOf({ extent, values }: IDimension): string {
  if (values.length && (values.length <= FEW_VALUES || !extent.length)) {
    const shown = values.slice(0, FEW_VALUES).join(', ');
    return values.length > FEW_VALUES ? `${shown}, … (${values.length})` : shown;
  }
  const edges = extent.map(edge => (typeof edge === 'number' ? rounded(edge) : (edge ?? '…'))).join(' – ');
  return values.length ? `${edges} (${values.length})` : edges;
}
