// Preload for a program that has no option for its address: `node --import FILE …`. Its servers listen on the loopback
// address alone.
import net from "node:net";

const LOOPBACK = "127.0.0.1";
const { listen } = net.Server.prototype;

function listenOnLoopback(this: net.Server, ...given: unknown[]): net.Server {
  const [port, host, ...rest] = given;
  const args = typeof port === "number" && host === undefined ? [port, LOOPBACK, ...rest] : given;
  return Reflect.apply(listen, this, args) as net.Server;
}

net.Server.prototype.listen = listenOnLoopback as typeof listen;
