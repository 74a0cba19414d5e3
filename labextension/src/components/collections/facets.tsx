/** What the collections found have in common, to be ticked. */
import React from 'react';

import { useHost } from '../../host';
import { type Chosen, type Facet, FACETS, type IFound } from '../../models/collection_filter';
import type { Ability } from '../../models/collections';
import { abilityLabel, decadeLabel, facetLabel } from './words';

const FEW = 6;
const MANY = 100;

interface IFacetsProps {
  id: string;
  facets: IFound['facets'];
  chosen: Chosen;
  /** The names of the sources by their ids. */
  titles: ReadonlyMap<string, string>;
  onTick: (facet: Facet, key: string) => void;
}

export function Facets({ id, facets, chosen, titles, onTick }: IFacetsProps): React.JSX.Element {
  const { trans } = useHost();
  const labelOf = (facet: Facet, key: string, label: string): string => {
    switch (facet) {
      case 'abilities':
        return abilityLabel(key as Ability, trans);
      case 'time':
        return decadeLabel(key, trans);
      case 'source':
        return titles.get(key) ?? label;
      default:
        return label;
    }
  };
  return (
    <div className="gdc-Facets" id={id} role="group" aria-label={trans.__('Filters')}>
      {FACETS.filter(facet => facets[facet].length > (facet === 'source' ? 1 : 0)).map(facet => (
        <FacetGroup
          key={facet}
          title={facetLabel(facet, trans)}
          values={facets[facet].map(value => ({ ...value, label: labelOf(facet, value.key, value.label) }))}
          ticked={chosen[facet]}
          onTick={key => {
            onTick(facet, key);
          }}
        />
      ))}
    </div>
  );
}

interface IFacetGroupProps {
  title: string;
  values: readonly { key: string; label: string; count: number }[];
  ticked: readonly string[];
  onTick: (key: string) => void;
}

function FacetGroup({ title, values, ticked, onTick }: IFacetGroupProps): React.JSX.Element {
  const { trans } = useHost();
  const [isWhole, setIsWhole] = React.useState(false);
  const shown = values.filter((value, rank) => rank < (isWhole ? MANY : FEW) || ticked.includes(value.key));
  return (
    <fieldset className="gdc-Facet">
      <legend>{title}</legend>
      <div className="gdc-Facet-values">
        {shown.map(({ key, label, count }) => (
          <label key={key} className="gdc-Facet-value" title={label}>
            <input
              type="checkbox"
              checked={ticked.includes(key)}
              onChange={() => {
                onTick(key);
              }}
            />
            <span className="gdc-Facet-label">{label}</span>
            <span className="gdc-Facet-count">
              <span className="gdc-visually-hidden">, </span>
              {count}
            </span>
          </label>
        ))}
      </div>
      {values.length > FEW && (
        <button
          type="button"
          className="gdc-Button gdc-mod-plain gdc-Facet-more"
          aria-expanded={isWhole}
          onClick={() => {
            setIsWhole(!isWhole);
          }}
        >
          {isWhole ? trans.__('Show fewer') : trans.__('Show %1 more', Math.min(values.length, MANY) - FEW)}
          <span className="gdc-visually-hidden"> {title}</span>
        </button>
      )}
    </fieldset>
  );
}
