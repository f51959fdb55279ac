// Which expression a cursor is at: a name, or a chain of properties that begins with one. Anything else, a call above all,
// would have to be run to be known.
'use strict';

// As much before the cursor is looked at.
const REACH = 512;

const PART = String.raw`[\p{ID_Continue}$\u200c\u200d]`;
const NAME = String.raw`[\p{ID_Start}$_]${PART}*`;
const KEY = String.raw`\d+|"[^"\\\n]*"|'[^'\\\n]*'`;
const BEFORE_CURSOR = new RegExp(`${PART}*$`, 'u');
const BEHIND_CURSOR = new RegExp(`^${PART}*`, 'u');
const CHAIN = new RegExp(String.raw`(?<!${PART})(?<!(?<!\.\.)\.\s*)${NAME}(?:\s*\??\.\s*${NAME}|\s*(?:\?\.)?\[(?:${KEY})\])*$`, 'u');
const LINK = new RegExp(`${NAME}|${KEY}`, 'gu');

// { prefix, chain, isMember }: the beginning of a name, and the chain of keys whose property it is to be; undefined for a chain
// that cannot be known. `index` counts UTF-16 units.
function beforeCursor(code, index) {
  const text = code.slice(Math.max(0, index - REACH), index);
  const [prefix] = BEFORE_CURSOR.exec(text);
  const rest = text.slice(0, text.length - prefix.length).trimEnd();
  const isMember = rest.endsWith('.') && !rest.endsWith('..') && !/(?:^|[^\p{ID_Continue}$])\d+\.$/u.test(rest);
  if (!isMember) return { prefix, isMember };
  const owner = rest.slice(0, rest.endsWith('?.') ? -2 : -1).trimEnd();
  return { prefix, isMember, chain: chainOf(owner) };
}

// The keys of the name at the cursor, or of what is called around it; undefined when there is none.
function aroundCursor(code, index) {
  const before = code.slice(Math.max(0, index - REACH), index);
  const [behind] = BEHIND_CURSOR.exec(code.slice(index, index + REACH));
  return chainOf(before + behind) ?? chainOf(before.slice(0, openCall(before)).trimEnd());
}

function openCall(text) {
  let depth = 0;
  for (let index = text.length - 1; index >= 0; index -= 1) {
    if (text[index] === ')') depth += 1;
    else if (text[index] === '(') depth -= 1;
    if (depth < 0) return index;
  }
  return 0;
}

function chainOf(text) {
  const match = CHAIN.exec(text);
  return match?.[0].match(LINK).map((link) => (/^["']/.test(link) ? link.slice(1, -1) : link));
}

module.exports = { beforeCursor, aroundCursor };
