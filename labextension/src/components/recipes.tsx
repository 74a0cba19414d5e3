/** What can be computed of the selected collection, a button each, and what becomes of it. */
import React from 'react';

import { useHost } from '../host';
import { isRecord, listOf, textOf } from '../reading';

export interface IRecipe {
  readonly name: string;
  readonly title: string;
  readonly description: string;
}

interface IRecipesProps {
  /** The name of the collection; empty where none is selected. */
  collection: string;
  recipes: readonly IRecipe[];
  /** Whether it is known what can be computed: the collection has been read. */
  known: boolean;
  /** What goes on, or went wrong. */
  status: string;
  failed: boolean;
  busy: boolean;
  /** Whether there is a process graph that can be shown and run. */
  ready: boolean;
  onCompute: (name: string) => void;
  onShow: () => void;
  onRun: () => void;
  onRead: () => void;
}

export function Recipes(props: IRecipesProps): React.JSX.Element {
  const { trans } = useHost();
  const { collection, recipes, status, failed, busy, ready, known } = props;
  return (
    <div className="gdc-Recipes" role="group" aria-label={trans.__('Compute')}>
      <span className="gdc-Recipes-label">{labelOf(props)}</span>
      {collection !== '' &&
        recipes.map(recipe => (
          <button
            key={recipe.name}
            type="button"
            className="gdc-Button"
            title={recipe.description}
            aria-disabled={busy}
            onClick={unless(busy, () => {
              props.onCompute(recipe.name);
            })}
          >
            {recipe.title}
          </button>
        ))}
      <span className="gdc-Recipes-graph">
        <button type="button" className="gdc-Button" aria-disabled={busy || !ready} onClick={unless(busy || !ready, props.onShow)}>
          {trans.__('Show graph on map')}
        </button>
        <button type="button" className="gdc-Button gdc-mod-primary" aria-disabled={busy || !ready} onClick={unless(busy || !ready, props.onRun)}>
          {trans.__('Run as job')}
        </button>
      </span>
      <p className="gdc-Recipes-status" role={failed ? 'alert' : 'status'} data-failed={failed}>
        {busy && <span className="gdc-Spinner" aria-hidden="true" />}
        {status}
        {failed && collection !== '' && !known && (
          <button type="button" className="gdc-Button" onClick={props.onRead}>
            {trans.__('Try again')}
          </button>
        )}
      </p>
    </div>
  );

  function labelOf({ collection, recipes, known }: IRecipesProps): string {
    if (!collection) {
      return trans.__('Select a collection to see what can be computed of it.');
    }
    return recipes.length || !known
      ? trans.__('Compute of %1:', collection)
      : trans.__('Nothing is prepared for %1: build a graph below.', collection);
  }
}

/** A button that is off keeps the focus, which a disabled one would lose. */
function unless(off: boolean, action: () => void): () => void {
  return () => {
    if (!off) {
      action();
    }
  };
}

/** Read what the kernel tells of recipes. */
export function readRecipes(value: unknown): IRecipe[] {
  return listOf({ list: value }, 'list').flatMap(entry =>
    isRecord(entry)
      ? [{ name: textOf(entry, 'name'), title: textOf(entry, 'title'), description: textOf(entry, 'description') }]
      : []
  );
}
