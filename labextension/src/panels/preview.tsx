/** The result of a node as a picture, computed by the back-end and shown beside the document. */
import { MainAreaWidget, ReactWidget } from '@jupyterlab/apputils';
import React from 'react';

import { asBackendError, BackendError, type IBackend } from '../backend/backend';
import { Loading, Problem } from '../components/states';
import { HostContext, type IHost, useHost } from '../host';
import { pictureGraph } from '../models/preview';
import { recordOf, type JsonRecord } from '../reading';

/** What is previewed: a process with a graph that has a result. */
export interface IPreview {
  readonly process: JsonRecord;
  readonly title: string;
}

interface IPictureState {
  readonly picture: string;
  readonly lastDate: boolean;
  readonly problem: BackendError | null;
}

const NOTHING: IPictureState = { picture: '', lastDate: false, problem: null };

/** Ask for a picture; of a cube with dates, for one of the last. */
async function load(backend: IBackend, process: JsonRecord, signal: AbortSignal): Promise<IPictureState> {
  const graph = recordOf(process, 'process_graph');
  const ask = async (lastDate: boolean): Promise<IPictureState> => {
    const body = { process: { process_graph: pictureGraph(graph, lastDate) } };
    const answer = await backend.request('result', { method: 'POST', body, as: 'dataUrl', signal });
    const picture = String(answer.body);
    if (!picture.startsWith('data:image/')) {
      throw new BackendError('refused', 'The result is not one picture.');
    }
    return { picture, lastDate, problem: null };
  };
  try {
    return await ask(false);
  } catch (error) {
    const first = asBackendError(error);
    if (first.kind !== 'refused') {
      throw first;
    }
    return ask(true).catch(() => {
      throw first;
    });
  }
}

interface IPictureProps extends IPreview {
  backend: IBackend;
}

function Picture({ process, title, backend }: IPictureProps): React.JSX.Element {
  const host = useHost();
  const { trans } = host;
  const [state, setState] = React.useState(NOTHING);
  const [turn, setTurn] = React.useState(0);
  React.useEffect(() => {
    const abort = new AbortController();
    setState(NOTHING);
    load(backend, process, abort.signal).then(setState, (error: unknown) => {
      if (!abort.signal.aborted) {
        setState({ ...NOTHING, problem: asBackendError(error) });
      }
    });
    return () => {
      abort.abort();
    };
  }, [backend, process, turn]);
  const { picture, lastDate, problem } = state;
  return (
    <>
      {problem && (
        <Problem
          problem={problem}
          server={backend.title}
          backend={backend.id}
          onRetry={() => {
            setTurn(turn + 1);
          }}
        />
      )}
      {!problem && !picture && <Loading what={trans.__('%1 is being computed…', title)} />}
      {picture && (
        <figure className="gdc-Preview-figure">
          <img src={picture} alt={trans.__('The result of %1', title)} />
          <figcaption>
            {lastDate ? trans.__('%1, the last date', title) : title}{' '}
            <button
              type="button"
              className="gdc-Button"
              onClick={() => {
                host.showOnMap?.({ process, title, backend: backend.id });
              }}
            >
              {trans.__('Show on a map')}
            </button>
          </figcaption>
        </figure>
      )}
    </>
  );
}

class PreviewPanel extends ReactWidget {
  constructor(
    private readonly backend: IBackend,
    private readonly host: IHost,
    private preview: IPreview
  ) {
    super();
    this.addClass('gdc-Panel');
    this.addClass('gdc-Preview');
  }

  setPreview(preview: IPreview): void {
    this.preview = preview;
    this.update();
  }

  override render(): React.JSX.Element {
    return (
      <HostContext.Provider value={this.host}>
        <Picture backend={this.backend} {...this.preview} />
      </HostContext.Provider>
    );
  }
}

export class PreviewWidget extends MainAreaWidget<PreviewPanel> {
  constructor(backend: IBackend, host: IHost, preview: IPreview) {
    super({ content: new PreviewPanel(backend, host, preview) });
    this.setPreview(preview);
  }

  setPreview(preview: IPreview): void {
    this.title.label = preview.title;
    this.title.closable = true;
    this.content.setPreview(preview);
  }
}
