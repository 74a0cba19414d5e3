/** The back-ends that the panels ask: the service of this Jupyter server first, then those of the settings. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ServerConnection } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';

import type { IBackend } from '../backend/backend';
import { HttpBackend } from '../backend/http';
import { listOf, textOf } from '../reading';
import { DOMAIN, IBackends, type IMapSettings } from '../tokens';
import type { ITranslation } from '../translation';
import { authorizationOf, type AskCredentials } from './sign_in';

/** The id of the service of this Jupyter server; the id of any other is its address. */
export const OWN = 'own';

interface IBackendsOptions {
  trans: ITranslation;
  settings?: ServerConnection.ISettings;
  ask?: AskCredentials;
}

export class Backends implements IBackends {
  constructor({ trans, settings, ask }: IBackendsOptions) {
    this.settings = settings ?? ServerConnection.makeSettings();
    this.ask = ask ?? (async (...asked) => (await import('./sign_in_dialog')).askCredentials(...asked, trans));
    this.own = new HttpBackend({ id: OWN, title: trans.__('This Jupyter server'), settings: this.settings });
    this.all = [this.own];
  }

  readonly own: IBackend;
  all: readonly IBackend[];
  map: IMapSettings = { home: null, tiles: '' };

  get changed(): ISignal<this, void> {
    return this.signal;
  }

  get stale(): ISignal<this, string> {
    return this.staleSignal;
  }

  markStale(id = ''): void {
    this.staleSignal.emit(id);
  }

  find(id: string): IBackend | undefined {
    return this.all.find(backend => backend.id === id);
  }

  isSignedIn(id: string): boolean {
    return id === OWN || this.credentials.has(id);
  }

  async signIn(id: string): Promise<boolean> {
    const backend = this.find(id);
    if (!backend || backend === this.own) {
      return false;
    }
    let failure = '';
    let user = '';
    for (;;) {
      const told = await this.ask(backend, failure, user);
      if (!told) {
        return false;
      }
      user = told.user;
      try {
        this.credentials.set(id, await authorizationOf(backend.url, told));
        this.replace(id);
        return true;
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
    }
  }

  signOut(id: string): void {
    if (this.credentials.delete(id)) {
      this.replace(id);
    }
  }

  /** Take over what the settings say; back-ends that stay the same keep their objects. */
  configure(settings: unknown): void {
    const before = new Map(this.all.map(backend => [backend.id, backend]));
    const others = readBackends(settings).map(({ url, title }) => {
      const known = before.get(url);
      return known?.title === title ? known : this.make(url, title);
    });
    const all = [this.own, ...others];
    const map = readMapSettings(settings);
    const same = all.length === this.all.length && all.every((backend, index) => backend === this.all[index]);
    if (same && JSON.stringify(map) === JSON.stringify(this.map)) {
      return;
    }
    this.all = all;
    this.map = map;
    this.signal.emit();
  }

  /** Make a back-end anew: what was loaded for one user is not what another sees. */
  private replace(id: string): void {
    this.all = this.all.map(backend => (backend.id === id ? this.make(backend.url, backend.title) : backend));
    this.signal.emit();
  }

  private make(url: string, title: string): IBackend {
    return new HttpBackend({
      id: url,
      url,
      title,
      settings: this.settings,
      authorization: () => this.credentials.get(url)
    });
  }

  private readonly settings: ServerConnection.ISettings;
  private readonly ask: AskCredentials;
  private readonly signal = new Signal<this, void>(this);
  private readonly staleSignal = new Signal<this, string>(this);
  /** Values of `Authorization` headers, by back-end; they live as long as the page. */
  private readonly credentials = new Map<string, string>();
}

/** The back-ends that the settings name, each once; what is no address is left out. */
export function readBackends(settings: unknown): { url: string; title: string }[] {
  const found = new Map<string, string>();
  for (const entry of listOf(settings, 'backends')) {
    const url = addressOf(textOf(entry, 'url'));
    if (url && !found.has(url.href)) {
      found.set(url.href, textOf(entry, 'title').trim() || url.host);
    }
  }
  return [...found].map(([url, title]) => ({ url, title }));
}

function addressOf(text: string): URL | null {
  try {
    const url = new URL(text.trim());
    if (url.protocol !== 'http:' && url.protocol !== 'https:') {
      return null;
    }
    url.pathname = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
    return url;
  } catch {
    return null;
  }
}

/** What the settings say of maps. */
export function readMapSettings(settings: unknown): IMapSettings {
  const corners = textOf(settings, 'mapHome').split(',').map(part => (part.trim() ? Number(part) : Number.NaN));
  const [west, south, east, north] = corners;
  const home = corners.length === 4 && corners.every(Number.isFinite) ? ([west, south, east, north] as IMapSettings['home']) : null;
  return { home, tiles: textOf(settings, 'mapTiles').trim() };
}

export const backendsPlugin: JupyterFrontEndPlugin<IBackends> = {
  id: 'gdc-jupyter:backends',
  description: 'The back-ends that the panels of the data cube ask.',
  autoStart: true,
  provides: IBackends,
  optional: [ISettingRegistry, ITranslator],
  activate: (app: JupyterFrontEnd, registry: ISettingRegistry | null, translator: ITranslator | null): IBackends => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const backends = new Backends({ trans, settings: app.serviceManager.serverSettings });
    void registry?.load('gdc-jupyter:plugin').then(settings => {
      const apply = (): void => {
        backends.configure(settings.composite);
      };
      settings.changed.connect(apply);
      apply();
    });
    return backends;
  }
};
