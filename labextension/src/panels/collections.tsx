/** The collections in the left side bar. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import React from 'react';

import { CollectionBrowser } from '../components/collections/collection_browser';
import { HostContext, type IHost } from '../host';
import { collectionsIcon } from '../icons';
import { type IChoice, NO_CHOICE, readChoice } from '../models/choice';
import { DOMAIN, IBackends, PanelIDs } from '../tokens';
import { dragCode } from './code_cells';
import { panelHost } from './host';
import { useBackends } from './use_backends';

const STATE = 'gdc-jupyter:collections';

interface ICollectionsProps {
  backends: IBackends;
  host: IHost;
  /** What was chosen before the page was loaded. */
  before: Promise<IChoice>;
  onChoice: (choice: IChoice) => void;
}

function Collections({ backends, host, before, onChoice }: ICollectionsProps): React.JSX.Element {
  const [choice, setChoice] = React.useState(NO_CHOICE);
  const all = useBackends(backends);
  const [turn, setTurn] = React.useState(0);
  React.useEffect(() => {
    const stale = (): void => {
      setTurn(last => last + 1);
    };
    backends.stale.connect(stale);
    return () => {
      backends.stale.disconnect(stale);
    };
  }, [backends]);
  React.useEffect(() => {
    void before.then(setChoice);
  }, [before]);
  return (
    <HostContext.Provider value={host}>
      <CollectionBrowser
        backends={all}
        own={[backends.own.id]}
        choice={choice}
        onChoice={next => {
          setChoice(next);
          onChoice(next);
        }}
        origin="collections"
        turn={turn}
      />
    </HostContext.Provider>
  );
}

/** The panel; nothing is asked before it is seen. */
class CollectionsPanel extends ReactWidget {
  constructor(private readonly content: ICollectionsProps) {
    super();
    this.addClass('gdc-Panel');
    this.id = PanelIDs.collections;
    this.title.icon = collectionsIcon;
    this.title.caption = content.host.trans.__('Collections');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', content.host.trans.__('Collections'));
  }

  override render(): React.JSX.Element {
    this.wasSeen ||= this.isVisible;
    return this.wasSeen ? <Collections {...this.content} /> : <></>;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  private wasSeen = false;
}

export const collectionsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'gdc-jupyter:collections',
  description: 'The collections of the data cube in the left side bar.',
  autoStart: true,
  requires: [IBackends],
  optional: [ITranslator, ILayoutRestorer, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    backends: IBackends,
    translator: ITranslator | null,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const host: IHost = { ...panelHost(app.commands, backends, trans), dragCode };
    const panel = new CollectionsPanel({
      backends,
      host,
      before: state ? state.fetch(STATE).then(readChoice, () => NO_CHOICE) : Promise.resolve(NO_CHOICE),
      onChoice: choice => void state?.save(STATE, { ...choice })
    });
    restorer?.add(panel, PanelIDs.collections);
    app.shell.add(panel, 'left', { rank: 320 });
  }
};
