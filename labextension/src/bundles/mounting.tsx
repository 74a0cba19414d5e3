/** Puts a component into a widget of a notebook. */
import React from 'react';
import { createRoot } from 'react-dom/client';

import { type IMessages, type ISource, KernelMessages } from '../backend/kernel';
import type { IBackend } from '../backend/backend';
import { requestCode } from '../code_request';
import { HostContext, type IHost } from '../host';
import { isRecord } from '../reading';
import { englishWords } from '../translation';

/** The model of a widget: the traits that Python shares, and messages. */
export interface IWidgetModel extends IMessages {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(name: string, callback: (content: unknown) => void): void;
  off(name: string, callback: (content: unknown) => void): void;
}

export interface IWidgetView {
  model: IWidgetModel;
  backends: readonly IBackend[];
}

/** What anywidget wants of a module. */
export interface IWidget {
  render(context: { model: IWidgetModel; el: HTMLElement }): () => void;
}

/** Make what anywidget wants of a module from a component. */
export function widgetOf(Component: React.ComponentType<IWidgetView>, hostOf?: (model: IWidgetModel) => Partial<IHost>): IWidget {
  return {
    render({ model, el }) {
      el.classList.add('gdc-Widget');
      el.addEventListener('focusin', keepKeys);
      const onMessage = (content: unknown): void => {
        if (isRecord(content) && content.kind === 'focus') {
          requestAnimationFrame(() => requestAnimationFrame(() => {
            takeLostFocus(el);
          }));
        }
      };
      model.on('msg:custom', onMessage);
      const messages = new KernelMessages(model);
      const backends = messages.backends((model.get('_sources') ?? []) as ISource[]);
      const host: IHost = {
        trans: englishWords,
        insertCode: (code, origin) => Promise.resolve(requestCode(el, code, origin)),
        ...hostOf?.(model)
      };
      const root = createRoot(el);
      root.render(
        <HostContext.Provider value={host}>
          <Component model={model} backends={backends} />
        </HostContext.Provider>
      );
      return () => {
        el.removeEventListener('focusin', keepKeys);
        model.off('msg:custom', onMessage);
        root.unmount();
        messages.dispose();
      };
    }
  };
}

/** Keep the keys of an element from the notebook around it, whose shortcuts of one letter spare fields for text alone. */
function keepKeys({ target }: FocusEvent): void {
  if (target instanceof Element && !target.matches(':read-write')) {
    target.setAttribute('data-lm-suppress-shortcuts', 'true');
  }
}

/** Take the focus where what had it is gone or hidden, so that who works by keyboard is where the work goes on. */
export function takeLostFocus(el: HTMLElement): void {
  const isLost = document.activeElement === null || document.activeElement === document.body || !isShown(document.activeElement);
  if (isLost && isShown(el)) {
    const row = el.querySelector<HTMLElement>('[role="treeitem"][tabindex="0"], [role="row"][tabindex="0"]');
    (row ?? el.querySelector<HTMLElement>('input, button:not(:disabled)'))?.focus();
  }
}

function isShown(element: Element): boolean {
  return element.getClientRects().length > 0;
}

/** A trait of the model, followed, and the function that sets it. */
export function useTrait<T>(model: IWidgetModel, name: string): [T, (value: T) => void] {
  const subscribe = React.useCallback(
    (changed: () => void) => {
      model.on(`change:${name}`, changed);
      return () => {
        model.off(`change:${name}`, changed);
      };
    },
    [model, name]
  );
  const value = React.useSyncExternalStore(subscribe, () => model.get(name) as T);
  const set = React.useCallback(
    (next: T) => {
      model.set(name, next);
      model.save_changes();
    },
    [model, name]
  );
  return [value, set];
}
