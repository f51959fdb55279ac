// Functions and objects that user code gets to hold. They are made in the user's realm, so that `instanceof Function` and
// their constructors are the user's own.
'use strict';

module.exports = function createUserland() {
  const displaySymbol = Symbol.for('Jupyter.display');
  return {
    displaySymbol,

    // A function of the user's realm with the given name, which hands its arguments on as one array.
    expose(name, implementation) {
      return { [name](...args) { return implementation(args); } }[name];
    },

    displayable(mime, source) {
      return { [displaySymbol]: () => ({ [mime]: source, 'text/plain': source }) };
    },

    // `import.meta` of a cell; the getters follow the working directory.
    importMeta(getters, methods) {
      const meta = { main: true, ...methods };
      for (const name of Object.keys(getters)) {
        Object.defineProperty(meta, name, { get: getters[name], enumerable: true });
      }
      return Object.freeze(meta);
    },

    hooks: (meta, importModule) => Object.freeze({ meta, import: importModule }),
    newModule: () => ({ exports: {} }),
    rejected: (error) => Promise.reject(error),
    error: (message) => new Error(message),
    lostState: (message) => Object.assign(new Error(message), { name: 'LostStateError' }),
  };
};
