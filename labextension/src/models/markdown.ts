/** The plainest part of Markdown, as pieces that are shown as text: no HTML, no pictures, no addresses but http(s). */
import { isSafeAddress } from '../reading';

export type Inline =
  | { readonly kind: 'text' | 'code' | 'strong' | 'emphasis'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

export interface IBlock {
  readonly kind: 'heading' | 'paragraph' | 'item';
  readonly inlines: readonly Inline[];
}

const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\n]+)\*|\[([^\]\n]+)\]\(([^)\s]+)(?:\s+"[^"]*")?\)|(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])/g;

export function blocksOf(text: string): IBlock[] {
  const blocks: IBlock[] = [];
  for (const paragraph of text.replace(/\r\n?/g, '\n').split(/\n\s*\n/)) {
    let gathered: string[] = [];
    const end = (): void => {
      if (gathered.length) {
        blocks.push({ kind: 'paragraph', inlines: inlinesOf(gathered.join(' ')) });
        gathered = [];
      }
    };
    for (const line of paragraph.split('\n').map(one => one.trim()).filter(Boolean)) {
      const [, heading] = /^#{1,6}\s+(.*)$/.exec(line) ?? [];
      const [, item] = /^(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line) ?? [];
      if (heading === undefined && item === undefined) {
        gathered.push(line);
        continue;
      }
      end();
      blocks.push({ kind: heading === undefined ? 'item' : 'heading', inlines: inlinesOf(heading ?? item ?? '') });
    }
    end();
  }
  return blocks;
}

export function inlinesOf(text: string): Inline[] {
  const pieces: Inline[] = [];
  let position = 0;
  const plainly = (piece: string): void => {
    if (piece) {
      pieces.push({ kind: 'text', text: piece });
    }
  };
  for (const match of text.matchAll(INLINE)) {
    const [all, code, strong, emphasis, label, href, address] = match;
    plainly(text.slice(position, match.index));
    position = match.index + all.length;
    if (code !== undefined) {
      pieces.push({ kind: 'code', text: code });
    } else if (strong !== undefined) {
      pieces.push({ kind: 'strong', text: strong });
    } else if (emphasis !== undefined) {
      pieces.push({ kind: 'emphasis', text: emphasis });
    } else if (address !== undefined) {
      pieces.push({ kind: 'link', text: address, href: address });
    } else if (href !== undefined && isSafeAddress(href)) {
      pieces.push({ kind: 'link', text: label ?? href, href });
    } else {
      plainly(all);
    }
  }
  plainly(text.slice(position));
  return pieces;
}
