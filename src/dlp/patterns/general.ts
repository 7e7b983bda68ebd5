import { type Matcher, RE2JS } from "re2js";
import type { Window } from "./window.ts";

/** What a regex took of a window; `from` and `to` of the whole match. */
export interface GeneralMatch {
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** What was searched of one window. */
class Ground {
  #version = 0;
  /** up to here in vain */
  searched = -1;
  /** what was found last, and the keyword from which it was */
  last: { readonly at: number; readonly match: GeneralMatch } | undefined;

  use(version: number): void {
    if (version === this.#version) return;
    this.#version = version;
    this.searched = -1;
    this.last = undefined;
  }
}

/**
 * An operator's regex that is no `Shape`, searched around a keyword with RE2, in linear time. Ground that was searched
 * in vain is not searched again, so that a storm of the keyword costs no more than the text is long.
 */
export class General {
  readonly #regex: RE2JS;
  readonly #group: number | undefined;
  /** what is known of a window as a whole, and of it from where a message begins */
  readonly #whole = new Ground();
  readonly #message = new Ground();

  constructor(regex: string, secretGroup: number | undefined) {
    this.#regex = RE2JS.compile(regex);
    this.#group = secretGroup;
  }

  /** The keyword is at `at`. "more": the window ends within `reach` of it. */
  match(
    window: Window,
    at: number,
    reach: number,
    ended: boolean,
    accepts: (match: GeneralMatch) => boolean,
  ): GeneralMatch | "more" | undefined {
    const ground = window.first === 0 ? this.#whole : this.#message;
    ground.use(window.version);
    // the keywords before a match that reach it found it already
    const { last } = ground;
    if (last !== undefined && last.at <= at && at <= last.match.to) return last.match;
    if (at + reach > ground.searched) {
      const from = Math.max(window.first, at - reach);
      // twice the reach, so that the next keyword is most often covered
      const to = Math.min(window.length, at + 2 * reach);
      const found = this.#search(window.slice(from, to), from, accepts);
      if (found !== undefined && (found.to < window.length || ended)) {
        ground.last = { at, match: found };
        return found;
      }
      // ground that may yet be completed is searched again
      ground.searched = found === undefined ? to : -1;
    }
    return !ended && window.length - at < reach ? "more" : undefined;
  }

  #search(part: string, offset: number, accepts: (match: GeneralMatch) => boolean): GeneralMatch | undefined {
    const matcher = this.#regex.matcher(part);
    let from = 0;
    while (from <= part.length && matcher.find(from)) {
      const group = this.#secret(matcher);
      const found = {
        start: offset + matcher.start(group),
        end: offset + matcher.end(group),
        from: offset + matcher.start(),
        to: offset + matcher.end(),
      };
      if (found.end > found.start && accepts(found)) return found;
      from = Math.max(matcher.end(), from + 1);
    }
    return undefined;
  }

  #secret(matcher: Matcher): number {
    if (this.#group !== undefined) return matcher.start(this.#group) < 0 ? 0 : this.#group;
    for (let group = 1; group <= matcher.groupCount(); group++)
      if (matcher.end(group) > matcher.start(group)) return group;
    return 0;
  }
}
