// What stands in the place of a variable that could not be kept: whoever touches it is told why it is gone.
'use strict';

const { userGlobal } = host;

// Until a cell declares the name anew, or assigns to it.
function stand(userland, expose, name, reason) {
  const refuse = expose(name, () => {
    throw userland.lostState(`'${name}' was not kept: ${reason}`);
  });
  const replace = expose(name, (value) => {
    Object.defineProperty(userGlobal, name, { value, writable: true, enumerable: true, configurable: true });
  });
  reasons.set(refuse, reason);
  Object.defineProperty(userGlobal, name, { get: refuse, set: replace, enumerable: true, configurable: true });
}

const reasons = new Map();

// The reason, if that is what the getter of a property stands for.
function reasonOf(getter) {
  return reasons.get(getter);
}

module.exports = { stand, reasonOf };
