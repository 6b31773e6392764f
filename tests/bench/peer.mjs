// The peer of the measurements: the same test_echo on the official SDK, over Streamable HTTP (plain
// JSON replies, its fastest way, on bare node:http) and over WebSocket (the ws package).
//
//   node tests/bench/peer.mjs PORT
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

// The packages live with the test clients.
const require = createRequire(new URL('../e2e/clients/package.json', import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { McpServer } = await load('@modelcontextprotocol/sdk/server/mcp.js');
const { StreamableHTTPServerTransport } = await load('@modelcontextprotocol/sdk/server/streamableHttp.js');
const { z } = await load('zod');
const { WebSocketServer } = require('ws');

function newServer() {
  const server = new McpServer({ name: 'peer', version: '1' });
  server.registerTool('test_echo', { description: 'Gives a message back.', inputSchema: { message: z.string() } },
    async ({ message }) => ({ content: [{ type: 'text', text: message }] }));
  return server;
}

const sessions = new Map();

async function transportFor(request) {
  const known = sessions.get(request.headers['mcp-session-id']);
  if (known) return known;
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: true,
    onsessioninitialized: (id) => sessions.set(id, transport),
  });
  await newServer().connect(transport);
  return transport;
}

const http = createServer(async (request, response) => {
  const transport = await transportFor(request);
  await transport.handleRequest(request, response);
});

class SocketTransport {
  constructor(socket) { this.socket = socket; }
  async start() {
    this.socket.on('message', (data) => this.onmessage?.(JSON.parse(data.toString())));
    this.socket.on('close', () => this.onclose?.());
  }
  async send(message) { this.socket.send(JSON.stringify(message)); }
  async close() { this.socket.close(); }
}

const sockets = new WebSocketServer({ server: http, handleProtocols: () => 'mcp' });
sockets.on('connection', (socket) => newServer().connect(new SocketTransport(socket)));

http.listen(Number(process.argv[2]), '127.0.0.1');
