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

  // Replaces a word by another that is padded to the same width, so that columns stay.
  overwrite(start, end, text) {
    this.replace(start, end, text.padEnd(end - start));
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
    const blanks = gone.map(({ start, end }) => ({ start, end, text: blank(this.#source.slice(start, end)) }));
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

  // In order of position; of two at one position first the insertions, then in the order they were made.
  #apply(edits) {
    const ordered = edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
    let text = '';
    let position = 0;
    for (const edit of ordered) {
      text += this.#source.slice(position, edit.start) + edit.text;
      position = edit.end;
    }
    return text + this.#source.slice(position);
  }
}

function contains(range, edit) {
  return edit.start >= range.start && edit.end <= range.end;
}

function blank(text) {
  return text.replace(/[^\n\r\u2028\u2029]/g, ' ');
}

module.exports = { Edits };
