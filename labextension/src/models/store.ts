/** A value that changes, and who wants to know of it. */

export class Store<T> {
  constructor(private current: T) {}

  /** The value; the same object until the next change. */
  readonly get = (): T => this.current;

  /** Call a function at each change, until the function that is returned is called. */
  readonly subscribe = (changed: () => void): (() => void) => {
    this.listeners.add(changed);
    return () => {
      this.listeners.delete(changed);
    };
  };

  set(next: T): void {
    this.current = next;
    for (const listener of [...this.listeners]) {
      listener();
    }
  }

  private readonly listeners = new Set<() => void>();
}
