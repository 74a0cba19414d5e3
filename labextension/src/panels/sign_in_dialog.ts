/** The dialog that asks for a name and a password. */
import { Dialog, showDialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

import type { IBackend } from '../backend/backend';
import type { ITranslation } from '../translation';
import type { ICredentials } from './sign_in';

/** Ask for the name and the password of a user; null where the dialog is dismissed. */
export async function askCredentials(
  backend: IBackend,
  failure: string,
  user: string,
  trans: ITranslation
): Promise<ICredentials | null> {
  const { button, value } = await showDialog<ICredentials>({
    title: trans.__('Sign in to %1', backend.title),
    body: new SignInForm(backend.url, failure, user, trans),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), Dialog.okButton({ label: trans.__('Sign in') })],
    focusNodeSelector: user ? 'input[type="password"]' : 'input'
  });
  return button.accept && value?.user ? value : null;
}

class SignInForm extends Widget implements Dialog.IBodyWidget<ICredentials> {
  constructor(url: string, failure: string, user: string, trans: ITranslation) {
    super();
    this.addClass('gdc-SignIn');
    if (failure) {
      this.addText(failure, 'gdc-SignIn-failure').setAttribute('role', 'alert');
    }
    this.addText(url, 'gdc-SignIn-address');
    this.user = this.addField(trans.__('User name'), 'text', 'username');
    this.user.value = user;
    this.password = this.addField(trans.__('Password'), 'password', 'current-password');
    this.addText(trans.__('Both are kept until this page is closed or reloaded, and are saved nowhere.'), 'gdc-SignIn-note');
    if (isOpenToOthers(url)) {
      this.addText(trans.__('The address begins with http: others on the network can read the password.'), 'gdc-SignIn-failure');
    }
  }

  getValue(): ICredentials {
    return { user: this.user.value.trim(), password: this.password.value };
  }

  private addText(text: string, name: string): HTMLElement {
    const paragraph = document.createElement('p');
    paragraph.className = name;
    paragraph.textContent = text;
    this.node.append(paragraph);
    return paragraph;
  }

  private addField(name: string, type: string, autocomplete: AutoFill): HTMLInputElement {
    const label = document.createElement('label');
    const field = document.createElement('input');
    field.className = 'jp-mod-styled';
    field.type = type;
    field.autocomplete = autocomplete;
    label.append(name, field);
    this.node.append(label);
    return field;
  }

  private readonly user: HTMLInputElement;
  private readonly password: HTMLInputElement;
}

function isOpenToOthers(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
