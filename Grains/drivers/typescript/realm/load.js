// Loads the driver's files into a realm of their own. A small CommonJS loader: every file is a function of
// (module, exports, require, host), named `driver:<file>` so that error traces can tell our frames from the user's.
// A bundle is all of them in one.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const ACORN = 'node_modules/acorn/dist/acorn.js';

module.exports = function loadDriverRealm(root, entry, host, bundle) {
  const realm = vm.createContext(Object.create(null));
  const loaded = Object.create(null);

  function load(file) {
    if (loaded[file]) return loaded[file].exports;
    const module = (loaded[file] = { exports: {} });
    const directory = path.dirname(file);
    const require = (name) => load(name === 'acorn' ? ACORN : path.join(directory, name));
    evaluate(path.join(root, file), file, module, require);
    return module.exports;
  }

  function evaluate(location, name, module, require) {
    const source = fs.readFileSync(location, 'utf8');
    const wrapper = vm.runInContext(`(function (module, exports, require, host) {${source}\n})`, realm, {
      filename: `driver:${name}`,
    });
    wrapper(module, module.exports, require, host);
  }

  host.root = root;
  host.runInScope = breakableRunner(realm);
  // A build takes away the bundle of older sources, also from a launcher that still runs.
  if (!bundle || !fs.existsSync(bundle)) return load(entry);
  const module = { exports: {} };
  evaluate(bundle, 'bundle', module);
  return module.exports;
};

// Runs a function of the driver inside a script that SIGINT can break. The script runs in the driver's realm, where user
// code cannot see or replace the slot that carries the function.
function breakableRunner(realm) {
  const slot = vm.runInContext('globalThis.slot = { run: undefined }', realm);
  const script = new vm.Script('slot.run()', { filename: 'driver:scope' });
  const runInContext = script.runInContext.bind(script);
  const options = { breakOnSigint: true };
  return (run) => {
    slot.run = run;
    runInContext(realm, options);
  };
}
