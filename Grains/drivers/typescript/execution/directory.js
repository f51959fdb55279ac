// Where a session begins: a directory below its home, made when it is missing.
'use strict';

// Nobody else works there yet, so what was looked at stays what it is. No link is followed; where something else is in the
// way, the session begins in the home.
function enter(home, path) {
  try {
    let at = home;
    for (const name of path === '' ? [] : path.split('/')) {
      at = host.joinPath(at, name);
      make(at);
      if (!host.lstatSync(at).isDirectory()) throw new Error('it is no directory');
    }
    host.chdir(at);
  } catch {
    host.chdir(home);
  }
}

function make(path) {
  try {
    host.mkdirSync(path);
  } catch {
    // It is there already, or cannot be: that shows next.
  }
}

module.exports = { enter };
