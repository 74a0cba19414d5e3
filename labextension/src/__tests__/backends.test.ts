import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Backends, readBackends, readMapSettings } from '../panels/backends';
import { authorizationOf, type AskCredentials } from '../panels/sign_in';
import { englishWords as trans } from '../translation';

const OTHER = 'https://other.example/openeo/1.2/';
const settings = ServerConnection.makeSettings({ baseUrl: 'http://localhost:8888/user/jo/' });

function answered(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

describe('readBackends', () => {
  it('takes each address once, with the host as the name where there is none', () => {
    const backends = [
      { url: ' https://other.example/openeo/1.2 ', title: '' },
      { url: OTHER, title: 'again' },
      { url: 'http://127.0.0.1:9000', title: 'Near' }
    ];
    expect(readBackends({ backends })).toEqual([
      { url: OTHER, title: 'other.example' },
      { url: 'http://127.0.0.1:9000/', title: 'Near' }
    ]);
  });

  it('leaves out what is no address of the web', () => {
    const backends = [{ url: 'javascript:alert(1)' }, { url: 'other.example' }, { url: 7 }, null, 'https://x.example'];
    expect(readBackends({ backends })).toEqual([]);
    expect(readBackends({ backends: 'https://x.example' })).toEqual([]);
  });
});

describe('readMapSettings', () => {
  it('reads four corners', () => {
    expect(readMapSettings({ mapHome: '5.9, 45.8, 10.5, 47.8', mapTiles: ' https://t.example/{z}/{x}/{y}.png ' })).toEqual({
      home: [5.9, 45.8, 10.5, 47.8],
      tiles: 'https://t.example/{z}/{x}/{y}.png'
    });
  });

  it('takes anything else for none', () => {
    for (const mapHome of ['', '5.9, 45.8', '1,2,3,', 'a,b,c,d', 7]) {
      expect(readMapSettings({ mapHome }).home).toBeNull();
    }
  });
});

describe('Backends', () => {
  const fetched = vi.fn<typeof fetch>();

  beforeEach(() => {
    vi.stubGlobal('fetch', fetched);
  });

  afterEach(() => {
    vi.unstubAllGlobals();
    fetched.mockReset();
  });

  it('has the own service first, and keeps the objects of back-ends that stay', () => {
    const backends = new Backends({ trans, settings });
    const changes = vi.fn();
    backends.changed.connect(changes);
    expect(backends.all.map(({ url }) => url)).toEqual(['http://localhost:8888/user/jo/gdc/']);
    backends.configure({ backends: [{ url: OTHER, title: 'Other' }] });
    const other = backends.find(OTHER);
    expect(backends.all.map(({ title }) => title)).toEqual(['This Jupyter server', 'Other']);
    backends.configure({ backends: [{ url: OTHER, title: 'Other' }], idleInterval: 20 });
    expect(changes).toHaveBeenCalledTimes(1);
    backends.configure({ backends: [{ url: 'https://new.example' }, { url: OTHER, title: 'Other' }] });
    expect(changes).toHaveBeenCalledTimes(2);
    expect(backends.find(OTHER)).toBe(other);
  });

  it('sends the token of the user who has signed in, and asks again after a wrong password', async () => {
    const failures: string[][] = [];
    const ask: AskCredentials = (_, failure, user) => {
      failures.push([failure, user]);
      return Promise.resolve({ user: 'jo', password: failure ? 'right' : 'wrong' });
    };
    const backends = new Backends({ trans, settings, ask });
    backends.configure({ backends: [{ url: OTHER }] });
    const before = backends.find(OTHER);
    fetched.mockResolvedValueOnce(answered(403, { code: 'CredentialsInvalid', message: 'Wrong password.' }));
    fetched.mockResolvedValueOnce(answered(200, { access_token: 'abc' }));
    expect(await backends.signIn(OTHER)).toBe(true);
    expect(failures).toEqual([['', ''], ['Wrong password.', 'jo']]);
    expect(fetched.mock.calls[1]?.[0]).toBe(`${OTHER}credentials/basic`);
    expect(backends.find(OTHER)).not.toBe(before);

    fetched.mockResolvedValueOnce(answered(200, { jobs: [] }));
    await backends.find(OTHER)?.request('jobs');
    const headers = fetched.mock.calls[2]?.[1]?.headers as Record<string, string>;
    expect(headers.Authorization).toBe('Bearer basic//abc');
    backends.signOut(OTHER);
    expect(backends.isSignedIn(OTHER)).toBe(false);
  });

  it('stays as it is where the dialog is dismissed', async () => {
    const backends = new Backends({ trans, settings, ask: () => Promise.resolve(null) });
    backends.configure({ backends: [{ url: OTHER }] });
    expect(await backends.signIn(OTHER)).toBe(false);
    expect(await backends.signIn('own')).toBe(false);
    expect(fetched).not.toHaveBeenCalled();
  });

  it('sends name and password to services that give no tokens', async () => {
    fetched.mockResolvedValueOnce(answered(404, {}));
    // "jö:pä" in UTF-8 and base64.
    expect(await authorizationOf(OTHER, { user: 'jö', password: 'pä' })).toBe('Basic asO2OnDDpA==');
  });
});
