/** The bar of the workbench that starts computations. */
import React from 'react';

import { readRecipes, Recipes } from '../components/recipes';
import '../../style/controls.css';
import '../../style/recipes.css';
import { type IWidgetView, useTrait, widgetOf } from './mounting';

function RecipeBar({ model }: IWidgetView): React.JSX.Element {
  const [collection] = useTrait<string>(model, 'collection');
  const [recipes] = useTrait<unknown>(model, 'recipes');
  const [known] = useTrait<boolean>(model, 'known');
  const [status] = useTrait<string>(model, 'status');
  const [failed] = useTrait<boolean>(model, 'failed');
  const [busy] = useTrait<boolean>(model, 'busy');
  const [ready] = useTrait<boolean>(model, 'ready');
  const send = (kind: string, name = ''): void => {
    model.send({ kind, name });
  };
  return (
    <Recipes
      collection={collection}
      recipes={readRecipes(recipes)}
      known={known}
      status={status}
      failed={failed}
      busy={busy}
      ready={ready}
      onCompute={name => {
        send('compute', name);
      }}
      onShow={() => {
        send('show');
      }}
      onRun={() => {
        send('run');
      }}
      onRead={() => {
        send('read');
      }}
    />
  );
}

export default widgetOf(RecipeBar);
