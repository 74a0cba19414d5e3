import { beforeEach, describe, expect, it } from 'vitest';

import { takeLostFocus } from '../bundles/mounting';

/** Have elements shown as a browser has them: those without `hidden` around them. */
function shownUnlessHidden(this: Element): DOMRectList {
  return (this.closest('[hidden]') ? [] : [{}]) as unknown as DOMRectList;
}

describe('focus that was lost', () => {
  beforeEach(() => {
    Element.prototype.getClientRects = shownUnlessHidden;
    document.body.innerHTML = `
      <div id="jobs"><button id="graph">Open graph</button></div>
      <div id="editor"><button>Undo</button><div role="treeitem" tabindex="0">load</div></div>`;
  });
  const at = (id: string): HTMLElement => document.getElementById(id) ?? document.body;

  it('is left where it is as long as that is shown', () => {
    at('graph').focus();
    takeLostFocus(at('editor'));
    expect(document.activeElement).toBe(at('graph'));
  });

  it('goes to the row of a list where what had it is hidden', () => {
    at('graph').focus();
    at('jobs').hidden = true;
    takeLostFocus(at('editor'));
    expect(document.activeElement?.textContent).toBe('load');
  });

  it('does not go to what is hidden itself', () => {
    at('editor').hidden = true;
    takeLostFocus(at('editor'));
    expect(document.activeElement).toBe(document.body);
  });
});
