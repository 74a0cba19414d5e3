/** Gives the process away: as JSON, or as Python code of the openEO client. */
import React from 'react';

import { useHost } from '../../host';
import { useEditor, useVersion } from './context';
import { Drawer } from './drawer';

interface IExportDrawerProps {
  pythonCode?: (process: unknown) => Promise<string>;
  onClose: () => void;
}

export function ExportDrawer({ pythonCode, onClose }: IExportDrawerProps): React.JSX.Element {
  const { model, say } = useEditor();
  const host = useHost();
  const { trans } = host;
  const id = React.useId();
  const version = useVersion(model);
  const [format, setFormat] = React.useState<'json' | 'python'>('json');
  const [code, setCode] = React.useState('');
  React.useEffect(() => {
    let isWanted = true;
    if (format === 'python') {
      pythonCode?.(model.process)
        .catch((error: unknown) => `# ${error instanceof Error ? error.message : String(error)}`)
        .then(made => {
          if (isWanted) {
            setCode(made);
          }
        }, console.error);
    }
    return () => {
      isWanted = false;
    };
  }, [format, model, pythonCode, version]);
  const text = format === 'json' ? JSON.stringify(model.process, null, 2) : code;
  const area = React.useRef<HTMLTextAreaElement>(null);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say(trans.__('Copied.'));
    } catch {
      // Pages that are not served securely have no clipboard.
      area.current?.select();
      say(trans.__('Press Ctrl+C to copy what is selected.'));
    }
  };
  const name = `${typeof model.document.id === 'string' ? model.document.id : 'process'}.${format === 'json' ? 'json' : 'py'}`;
  return (
    <Drawer title={trans.__('Export the process')} onClose={onClose}>
      <div className="gdc-Drawer-row">
        <label htmlFor={`${id}-format`}>{trans.__('As')}</label>
        <select
          id={`${id}-format`}
          className="gdc-Select"
          value={format}
          onChange={event => {
            setFormat(event.target.value as 'json' | 'python');
          }}
        >
          <option value="json">JSON</option>
          {pythonCode && <option value="python">{trans.__('Python code')}</option>}
        </select>
        <button type="button" className="gdc-Button" onClick={() => void copy()}>
          {trans.__('Copy')}
        </button>
        <a className="gdc-Button" download={name} href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}>
          {trans.__('Download')}
        </a>
        {format === 'python' && (
          <button
            type="button"
            className="gdc-Button"
            onClick={() => {
              void host.insertCode(text, 'graph').then(taken => {
                say(taken ? trans.__('The code is in the cell below.') : trans.__('There is no notebook to take it: copy it.'));
              });
            }}
          >
            {trans.__('Insert below')}
          </button>
        )}
      </div>
      <textarea
        ref={area}
        readOnly
        rows={12}
        className="gdc-Input gdc-mod-code"
        aria-label={format === 'json' ? trans.__('The process as JSON') : trans.__('The process as Python code')}
        value={text}
      />
    </Drawer>
  );
}
