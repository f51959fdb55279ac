// Functions of the driver that user code may call. Their arguments arrive in an array of the user's realm, whose methods
// and iterator user code may have replaced: only its indices are read.
'use strict';

function listOf(foreign) {
  const list = [];
  for (let index = 0; index < foreign.length; index += 1) list.push(foreign[index]);
  return list;
}

function exposer(userland) {
  return (name, implementation) => userland.expose(name, (foreign) => implementation(...listOf(foreign)));
}

module.exports = { exposer, listOf };
