// `import`, `import()`, `require` and `import.meta` of cells, relative to the working directory.
'use strict';

const { define, installHooks, prepare } = require('./globals.js');

const SESSION_FILE = 'session.ts';
const REMOTE_OR_BUILT_IN = /^(?:node|bun|file|data|npm|jsr|https?):/;

const { userGlobal } = host;

function sessionFile() {
  return host.joinPath(host.cwd(), SESSION_FILE);
}

function resolve(specifier) {
  const text = String(specifier);
  return REMOTE_OR_BUILT_IN.test(text) ? text : host.resolveModule(text, `${host.cwd()}/`);
}

function installImports(userland, expose) {
  const meta = userland.importMeta(
    {
      url: expose('url', () => host.pathToFileUrl(sessionFile())),
      dir: expose('dir', () => host.cwd()),
      dirname: expose('dirname', () => host.cwd()),
      filename: expose('filename', sessionFile),
      path: expose('path', sessionFile),
      env: expose('env', () => host.env),
      require: expose('require', () => host.createRequire(sessionFile())),
    },
    { resolve: expose('resolve', (specifier) => resolvedUrl(specifier)) },
  );
  const importModule = (specifier, options) => {
    try {
      return host.importModule(resolve(specifier), options);
    } catch (error) {
      return userland.rejected(error);
    }
  };
  installHooks(userland.hooks(meta, expose('import', importModule)));
  // A driver that is copied is not in its home yet.
  const require = host.createRequire(host.joinPath(host.env.HOME, SESSION_FILE));
  const module = userland.newModule();
  // To a cell it is the cell that was started, as `import.meta.main` says too.
  Object.defineProperty(require, 'main', { value: module });
  define('require', require);
  define('module', module);
  define('exports', module.exports);
  const places = { __dirname: () => host.cwd(), __filename: sessionFile };
  for (const name of Object.keys(places)) {
    // Assigned to, it is a variable like any other.
    const set = expose(name, (value) => define(name, value, true));
    Object.defineProperty(userGlobal, name, { get: expose(name, places[name]), set, configurable: true });
  }
}

function resolvedUrl(specifier) {
  const resolved = resolve(specifier);
  return resolved.startsWith('/') ? host.pathToFileUrl(resolved) : resolved;
}

// Does the imports of a cell one after the other, then calls onDone; onError with what went wrong.
function importAll(imports, onDone, onError) {
  let index = 0;
  const next = () => {
    if (index >= imports.length) {
      onDone();
      return;
    }
    const wanted = imports[index];
    index += 1;
    const options = wanted.attributes ? { with: wanted.attributes } : undefined;
    const loaded = (namespace) => {
      bind(wanted, namespace);
      next();
    };
    host.whenSettled(host.importModule(resolve(wanted.specifier), options), guarded(loaded, onError), onError);
  };
  guarded(next, onError)();
}

function guarded(run, onError) {
  return (value) => {
    try {
      run(value);
    } catch (error) {
      onError(error);
    }
  };
}

// local name -> how it was imported, and what came of it.
const origins = new Map();

// The import that yields the value under this name, if one did.
function originOf(name, value) {
  const origin = origins.get(name);
  return origin !== undefined && Object.is(origin.value, value) ? origin.wanted : undefined;
}

function bind({ specifier, attributes, named, namespace, types }, exports) {
  prepare(named.map(([, local]) => local));
  for (const [imported, local] of named) {
    if (!Reflect.has(exports, imported)) {
      if (types?.includes(local)) continue;
      throw new host.SyntaxError(`The requested module '${specifier}' does not provide an export named '${imported}'`);
    }
    userGlobal[local] = exports[imported];
    origins.set(local, { value: exports[imported], wanted: { specifier, attributes, named: [[imported, local]] } });
  }
  if (namespace !== undefined) {
    prepare([namespace]);
    userGlobal[namespace] = exports;
    origins.set(namespace, { value: exports, wanted: { specifier, attributes, named: [], namespace } });
  }
}

module.exports = { installImports, importAll, originOf };
