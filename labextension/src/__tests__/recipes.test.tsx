import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React from 'react';
import { afterEach, describe, expect, it } from 'vitest';

import { Recipes } from '../components/recipes';

const NDVI = { name: 'ndvi', title: 'NDVI', description: 'How green the vegetation is' };

function bar(
  pressed: string[],
  { busy = false, failed = false, known = true, status = '' }: { busy?: boolean; failed?: boolean; known?: boolean; status?: string }
): React.JSX.Element {
  return (
    <Recipes
      collection="S2"
      recipes={known ? [NDVI] : []}
      known={known}
      status={status}
      failed={failed}
      busy={busy}
      ready={true}
      onCompute={name => pressed.push(name)}
      onShow={() => pressed.push('show')}
      onRun={() => pressed.push('run')}
      onRead={() => pressed.push('read')}
    />
  );
}

afterEach(cleanup);

describe('the bar of the workbench', () => {
  it('keeps the focus and takes no second press while something is computed', async () => {
    const pressed: string[] = [];
    const { rerender } = render(bar(pressed, {}));
    await userEvent.click(screen.getByRole('button', { name: 'NDVI' }));
    rerender(bar(pressed, { busy: true, status: 'Computing NDVI…' }));
    await userEvent.keyboard('{Enter}');
    await userEvent.click(screen.getByRole('button', { name: 'Run as job' }));
    expect(pressed).toEqual(['ndvi']);
    screen.getByRole('button', { name: 'NDVI' }).focus();
    expect(document.activeElement?.textContent).toBe('NDVI');
    expect(screen.getByRole('button', { name: 'NDVI' }).getAttribute('aria-disabled')).toBe('true');
  });

  it('does not say that nothing is prepared where that is not known, and reads again', async () => {
    const pressed: string[] = [];
    render(bar(pressed, { known: false, failed: true, status: 'It is broken.' }));
    expect(screen.getByText('Compute of S2:')).toBeTruthy();
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
    expect(pressed).toEqual(['read']);
  });
});
