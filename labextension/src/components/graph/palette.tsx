/** A field in which a process is found by typing, and added. */
import React from 'react';

import { useHost } from '../../host';
import type { IProcess } from '../../models/processes';
import { useEditor, useVersion } from './context';

/** So many are listed; the others are found by typing more. */
const MOST_LISTED = 60;

interface IPaletteProps {
  label: string;
  inputRef: React.RefObject<HTMLInputElement>;
  onAdd: (process: IProcess | string) => void;
  /** The process whose documentation is wanted; null for none. */
  onLook: (process: IProcess | null) => void;
  onLeave: () => void;
}

export function Palette({ label, inputRef, onAdd, onLook, onLeave }: IPaletteProps): React.JSX.Element {
  const { model } = useEditor();
  const { trans } = useHost();
  useVersion(model);
  const id = React.useId();
  const [text, setText] = React.useState('');
  const [isOpen, setOpen] = React.useState(false);
  const [active, setActive] = React.useState(0);
  const catalog = model.processes;
  const found = React.useMemo(() => (isOpen ? catalog.search(text) : []), [catalog, text, isOpen]);
  const listed = found.slice(0, MOST_LISTED);
  const list = React.useRef<HTMLUListElement>(null);

  React.useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active, isOpen]);

  // Processes may arrive while one types.
  const looked = isOpen ? (listed[active] ?? null) : null;
  React.useEffect(() => {
    onLook(looked);
  }, [looked, onLook]);

  const close = (): void => {
    setOpen(false);
  };
  const add = (process: IProcess | string | undefined): void => {
    if (process) {
      setText('');
      close();
      onAdd(process);
    }
  };
  const search = (value: string): void => {
    setText(value);
    setOpen(true);
    setActive(0);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    switch (event.key) {
      case 'ArrowDown':
      case 'ArrowUp':
        if (!isOpen) {
          search(text);
        } else if (listed.length) {
          const step = event.key === 'ArrowDown' ? 1 : -1;
          setActive((active + step + listed.length) % listed.length);
        }
        break;
      case 'Enter':
        // A process that this back-end does not have can be typed in full.
        add(isOpen ? (listed[active] ?? (/^\w+$/.test(text) && catalog.all.length === 0 ? text : undefined)) : undefined);
        break;
      case 'Escape':
        if (!isOpen) {
          onLeave();
        }
        close();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="gdc-Palette">
      <label htmlFor={`${id}-input`} className="gdc-visually-hidden">
        {label}
      </label>
      <input
        id={`${id}-input`}
        ref={inputRef}
        className="gdc-Input gdc-Palette-input"
        role="combobox"
        aria-expanded={isOpen && listed.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={isOpen && listed[active] ? `${id}-${active}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={label}
        value={text}
        onChange={event => {
          search(event.target.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={close}
      />
      <ul id={`${id}-list`} ref={list} role="listbox" aria-label={trans.__('Processes')} hidden={!isOpen || listed.length === 0}>
        {listed.map((process, index) => (
          <li
            key={`${process.namespace ?? ''}/${process.id}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === active}
            className="gdc-Palette-option"
            onMouseDown={event => {
              event.preventDefault();
            }}
            onMouseEnter={() => {
              setActive(index);
            }}
            onClick={() => {
              add(process);
            }}
          >
            <span className="gdc-Palette-name">{process.id}</span>
            <Tags process={process} />
            <span className="gdc-Palette-summary">{process.summary}</span>
          </li>
        ))}
      </ul>
      {isOpen && text !== '' && (
        <p className="gdc-Palette-count" role="status">
          {found.length === 0
            ? trans.__("No process has '%1' in its name or description.", text)
            : trans._n('One process', '%1 processes', found.length)}
        </p>
      )}
    </div>
  );
}

/** What is special about a process, or a parameter. */
export function Tags({
  process
}: {
  process: { deprecated: boolean; experimental: boolean; namespace?: string | null };
}): React.JSX.Element {
  const { trans } = useHost();
  return (
    <>
      {process.namespace && <span className="gdc-Tag">{trans.__('yours')}</span>}
      {process.deprecated && <span className="gdc-Tag gdc-mod-warn">{trans.__('outdated')}</span>}
      {process.experimental && <span className="gdc-Tag">{trans.__('experimental')}</span>}
    </>
  );
}
