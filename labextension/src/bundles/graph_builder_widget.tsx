/** The widget of a graph editor. */
import React from 'react';

import type { IGraphActions } from '../components/graph/toolbar';
import { GraphEditor } from '../components/graph/editor';
import { useHost } from '../host';
import { GraphModel } from '../models/graph';
import { isRecord, textOf } from '../reading';
import { Empty } from '../components/states';
import { useStore } from '../components/use_store';
import { GraphSync } from './graph_sync';
import { type IWidgetModel, type IWidgetView, widgetOf } from './mounting';

import '../../style/controls.css';
import '../../style/graph.css';

/** How long the kernel may take to write code, in milliseconds. */
const PATIENCE = 20_000;

function GraphBuilder({ model: widget, backends }: IWidgetView): React.JSX.Element {
  const { trans } = useHost();
  const [graph] = React.useState(() => new GraphModel());
  const sync = React.useMemo(() => new GraphSync(widget, graph), [widget, graph]);
  const [backend] = backends;
  const isBehind = useStore(sync.behind);
  const [told, setTold] = React.useState({ text: '', isError: false });
  React.useEffect(() => sync.start(), [sync]);
  React.useEffect(() => {
    const onMessage = (content: unknown): void => {
      if (isRecord(content) && content.kind === 'told') {
        setTold({ text: textOf(content, 'text'), isError: content.level === 'error' });
      }
    };
    widget.on('msg:custom', onMessage);
    return () => {
      widget.off('msg:custom', onMessage);
    };
  }, [widget]);
  const actions = React.useMemo<IGraphActions>(
    () => ({
      pythonCode: process => askForCode(widget, process),
      onJob: id => {
        widget.send({ kind: 'job', id });
      }
    }),
    [widget]
  );
  if (!backend) {
    return <Empty>{trans.__('There is no back-end: give a connection, GraphBuilder(gdc.connect()).')}</Empty>;
  }
  const notice = (
    <div role="status">
      {isBehind && (
        <p className="gdc-GraphEditor-notice">
          {trans.__('The kernel has not taken over the last changes: it is busy or away. They are kept here, and sent again.')}
        </p>
      )}
      {told.text && <p className={`gdc-GraphEditor-notice${told.isError ? ' gdc-mod-error' : ''}`}>{told.text}</p>}
    </div>
  );
  return <GraphEditor model={graph} backend={backend} actions={actions} notice={notice} />;
}

let questions = 0;

function askForCode(widget: IWidgetModel, process: unknown): Promise<string> {
  questions += 1;
  const id = `code-${questions}-${Math.random().toString(36).slice(2)}`;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      widget.off('msg:custom', onMessage);
    };
    const timer = setTimeout(() => {
      end();
      reject(new Error('The kernel does not answer: it may be busy, or has to be restarted.'));
    }, PATIENCE);
    const onMessage = (content: unknown): void => {
      if (isRecord(content) && content.kind === 'code' && content.id === id) {
        end();
        resolve(textOf(content, 'code'));
      }
    };
    widget.on('msg:custom', onMessage);
    widget.send({ kind: 'code', id, process });
  });
}

export default widgetOf(GraphBuilder, widget => ({
  showOnMap: ({ process, title }) => {
    widget.send({ kind: 'preview', process, title });
  }
}));
