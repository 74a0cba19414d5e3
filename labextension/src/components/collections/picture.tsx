/** A picture that a back-end has, asked for when it comes into view, with the credentials that the back-end wants. */
import React from 'react';

import type { IBackend } from '../../backend/backend';

interface IPictureProps {
  backend: IBackend;
  href: string;
  alt: string;
  className: string;
  /** Told where there is no picture. */
  onNone?: () => void;
}

export function Picture({ backend, href, alt, className, onNone }: IPictureProps): React.JSX.Element {
  const frame = React.useRef<HTMLSpanElement>(null);
  const isSeen = useSeen(frame);
  const [source, setSource] = React.useState('');
  const none = React.useRef(onNone);
  none.current = onNone;
  React.useEffect(() => {
    setSource('');
    if (!isSeen || !href) {
      return;
    }
    const abort = new AbortController();
    backend.request(href, { as: 'dataUrl', signal: abort.signal }).then(
      ({ body }) => {
        if (typeof body === 'string' && body.startsWith('data:image/')) {
          setSource(body);
        } else {
          none.current?.();
        }
      },
      () => {
        if (!abort.signal.aborted) {
          none.current?.();
        }
      }
    );
    return () => {
      abort.abort();
    };
  }, [backend, href, isSeen]);
  return (
    <span ref={frame} className={`gdc-Picture ${className}`}>
      {source && <img src={source} alt={alt} />}
    </span>
  );
}

/** Whether an element was ever in view. */
function useSeen(element: React.RefObject<HTMLElement>): boolean {
  const [isSeen, setIsSeen] = React.useState(typeof IntersectionObserver === 'undefined');
  React.useEffect(() => {
    if (isSeen || !element.current) {
      return;
    }
    const observer = new IntersectionObserver(entries => {
      if (entries.some(entry => entry.isIntersecting)) {
        setIsSeen(true);
      }
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
    };
  }, [element, isSeen]);
  return isSeen;
}
