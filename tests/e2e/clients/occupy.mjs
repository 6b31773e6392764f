// Listens on a port and does nothing: the other program that is there already.
import { createServer } from 'node:net';

createServer().listen(Number(process.argv[2]), '127.0.0.1');
