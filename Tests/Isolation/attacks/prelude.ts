// What every attack in TypeScript begins with. An attack says what it got: BREACH, or HELD and why not.
const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");
const childProcess = require("child_process");

const MEMORY = 512 * 2 ** 20;
const NEIGHBOUR_PORT = 47111;

async function attempt(what: string, action: () => unknown) {
  try {
    const got = await action();
    console.log(got ? "BREACH" : "HELD", what);
  } catch (error: any) {
    console.log("HELD", what, error?.code ?? error?.name ?? "nothing");
  }
}

function connected(options: object) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(options);
    socket.once("connect", () => { socket.destroy(); resolve(true); });
    socket.once("error", reject);
  });
}

function others() {
  return fs.readdirSync("/proc").filter((name: string) => /^\d+$/.test(name)).map(Number)
    .filter((pid: number) => pid !== process.pid && pid !== process.ppid && pid !== 1);
}
