/** A back-end that the kernel asks for a widget, with the credentials of the connection the widget was made with. */
import { isRecord, numberOf, recordOf, textOf } from '../reading';
import { BackendError, errorOfAnswer, type IAnswer, type IBackend, type IRequestOptions } from './backend';

/** The part of a widget's model that carries messages. */
export interface IMessages {
  send(content: unknown): void;
  on(name: 'msg:custom', callback: (content: unknown) => void): void;
  off(name: 'msg:custom', callback: (content: unknown) => void): void;
}

/** What the kernel tells of a back-end. */
export interface ISource {
  readonly id: string;
  readonly url: string;
  readonly title: string;
}

/** How long the kernel may take beyond the back-end, which it gives up by itself, in milliseconds. */
const PATIENCE = 90_000;

const FAILURES = ['offline', 'timeout', 'rubbish', 'refused', 'signed-out'] as const;

interface IPending {
  resolve: (answer: IAnswer) => void;
  reject: (error: BackendError) => void;
}

/** Sends the requests of one view of a widget to the kernel, and hands out the answers. */
export class KernelMessages {
  constructor(private readonly model: IMessages) {
    model.on('msg:custom', this.onMessage);
  }

  /** The back-ends that the kernel knows. */
  backends(sources: readonly ISource[]): IBackend[] {
    return sources.map(source => ({ ...source, request: (path, options) => this.ask(source.id, path, options ?? {}) }));
  }

  ask(source: string, path: string, { method = 'GET', query, body, as = 'json', signal }: IRequestOptions): Promise<IAnswer> {
    const id = `${this.view}-${(this.count += 1)}`;
    return new Promise<IAnswer>((resolve, reject) => {
      const end = (error: BackendError): void => {
        if (this.take(id)) {
          this.model.send({ kind: 'abandon', id });
          reject(error);
        }
      };
      const timer = setTimeout(() => {
        end(new BackendError('kernel', 'The kernel does not react: it may be busy, or has to be restarted.'));
      }, PATIENCE);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        end(new BackendError('aborted', 'The request was given up.'));
      });
      this.pending.set(id, {
        resolve: answer => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: error => {
          clearTimeout(timer);
          reject(error);
        }
      });
      this.model.send({ kind: 'request', id, source, path, method, query: query ?? {}, body: body ?? null, as });
    });
  }

  dispose(): void {
    this.model.off('msg:custom', this.onMessage);
    for (const id of [...this.pending.keys()]) {
      this.take(id)?.reject(new BackendError('aborted', 'The widget was closed.'));
    }
  }

  private take(id: string): IPending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    return pending;
  }

  private readonly onMessage = (content: unknown): void => {
    if (!isRecord(content) || content.kind !== 'answer') {
      return;
    }
    const pending = this.take(textOf(content, 'id'));
    if (!pending) {
      return;
    }
    const failure = FAILURES.find(kind => kind === content.failure);
    const status = numberOf(content, 'status') ?? 0;
    if (failure) {
      pending.reject(new BackendError(failure, textOf(content, 'message')));
    } else if (status >= 400) {
      pending.reject(errorOfAnswer(status, content.body));
    } else {
      const headers = recordOf(content, 'headers') as Record<string, string>;
      pending.resolve({ status, body: content.body ?? null, headers });
    }
  };

  private readonly view = Math.random().toString(36).slice(2);
  private readonly pending = new Map<string, IPending>();
  private count = 0;
}
