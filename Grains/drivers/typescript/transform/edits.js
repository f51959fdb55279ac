// Changes to a source text that keep its lines: insertions and replacements by position, and ranges taken out.
'use strict';

class Edits {
  #source;
  #edits = [];
  #removed = [];
  #extracted = [];

  constructor(source) {
    this.#source = source;
  }

  replace(start, end, text) {
    this.#edits.push({ start, end, text });
  }

  insert(position, text) {
    this.replace(position, position, text);
  }

  // Puts text around a range. Of two around the same range the one made first is outside.
  wrap(start, end, before, after) {
    this.#edits.push({ start, end: start, text: before, opens: end });
    this.close(start, end, after);
  }

  // Ends at `end` what `start` has begun: behind whatever has begun after it.
  close(start, end, text) {
    this.#edits.push({ start: end, end, text, closes: start });
  }

  // Replaces words by a shorter text, padded so that lines and columns stay.
  overwrite(start, end, text) {
    const room = blank(this.#source.slice(start, end));
    this.replace(start, end, text + room.slice(Math.min(text.length, room.search(/[^ ]|$/))));
  }

  remove(start, end) {
    this.#removed.push({ start, end });
  }

  // Takes a range out; `extracted` gives it back, on its own lines, with the edits inside it.
  extract(start, end) {
    this.#extracted.push({ start, end });
  }

  get hasExtracted() {
    return this.#extracted.length > 0;
  }

  rest() {
    const gone = [...this.#removed, ...this.#extracted];
    const kept = this.#edits.filter((edit) => !gone.some((range) => contains(range, edit)));
    // A declaration ends the statement above it, whose semicolon may be missing.
    const blanks = gone.map(({ start, end }) => ({ start, end, text: `;${blank(this.#source.slice(start + 1, end))}` }));
    return this.#apply([...kept, ...blanks]);
  }

  extracted() {
    const ranges = [...this.#extracted].sort((a, b) => a.start - b.start);
    const edits = this.#edits.filter((edit) => ranges.some((range) => contains(range, edit)));
    let position = 0;
    for (const { start, end } of [...ranges, { start: this.#source.length, end: this.#source.length }]) {
      edits.push({ start: position, end: start, text: blank(this.#source.slice(position, start)) });
      position = end;
    }
    return this.#apply(edits);
  }

  #apply(edits) {
    const ordered = edits.map((edit, made) => ({ ...edit, made })).sort(inOrder);
    let text = '';
    let position = 0;
    for (const edit of ordered) {
      text += this.#source.slice(position, edit.start) + edit.text;
      position = edit.end;
    }
    return text + this.#source.slice(position);
  }
}

// By position. Where several meet: what closes, from the inside out; insertions; what opens, from the outside in; replacements.
function inOrder(a, b) {
  return a.start - b.start || rank(a) - rank(b) || nesting(a, b) || a.made - b.made;
}

function rank(edit) {
  if (edit.closes !== undefined) return 0;
  if (edit.opens !== undefined) return 2;
  return edit.start === edit.end ? 1 : 3;
}

function nesting(a, b) {
  if (a.closes !== undefined) return b.closes - a.closes || b.made - a.made;
  if (a.opens !== undefined) return b.opens - a.opens;
  return 0;
}

// What opens where the range ends is not in it, nor is what closes where it starts.
function contains(range, { start, end, opens = end, closes = start }) {
  return closes >= range.start && opens <= range.end;
}

function blank(text) {
  return text.replace(/[^\n\r\u2028\u2029]/g, ' ');
}

module.exports = { Edits };
