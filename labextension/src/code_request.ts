/** How a widget asks JupyterLab, if it is shown there, to put code into the notebook around it. */

export const CODE_REQUEST = 'gdc-code-request';

/** The detail of the event; whoever handles it calls `preventDefault()`. */
export interface ICodeRequest {
  readonly code: string;
  readonly origin: string;
}

/** Ask for code to be inserted below the cell of an element; whether somebody does it. */
export function requestCode(element: Element, code: string, origin: string): boolean {
  const detail: ICodeRequest = { code, origin };
  return !element.dispatchEvent(new CustomEvent(CODE_REQUEST, { detail, bubbles: true, composed: true, cancelable: true }));
}
