// A real MCP client, on the official SDK. Usage:
//
//   node mcp_client.mjs http|ws|stdio|bridge list
//   node mcp_client.mjs http|ws|stdio call TOOL [JSON]      prints the text of the result
//   node mcp_client.mjs http|ws|stdio stream TOOL [JSON]    prints each progress, then the text
//   node mcp_client.mjs http|ws|stdio many COUNT TOOL       COUNT calls at once, each on a connection of its own
//
// stdio starts an exaid of its own, found by PATH; bridge starts `exai mcp` ($EXAI) with what
// $EXAI_BRIDGE says. Else the server is EXAI_MCP_URL (http) or 127.0.0.1 on EXAI_WS_PORT; EXAI_WS_TOKEN is sent when set.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import WebSocket from 'ws';

const token = process.env.EXAI_WS_TOKEN;
const headers = token ? { Authorization: `Bearer ${token}` } : {};

// The SDK's transport takes the global WebSocket, which Node has from 22 on, and gives no way to
// send headers.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, { headers });
  }
};

const httpUrl = new URL(process.env.EXAI_MCP_URL ?? `http://127.0.0.1:${process.env.EXAI_WS_PORT}/mcp`);

function transport(kind) {
  if (kind === 'http') return new StreamableHTTPClientTransport(httpUrl, { requestInit: { headers } });
  if (kind === 'ws') return new WebSocketClientTransport(new URL('/ws', httpUrl.href.replace('http', 'ws')));
  if (kind === 'stdio')
    return new StdioClientTransport({ command: 'exaid', args: ['--stdio'], stderr: 'ignore' });
  if (kind === 'bridge')
    return new StdioClientTransport({
      command: process.env.EXAI ?? 'exai',
      args: ['mcp', ...(process.env.EXAI_BRIDGE ?? '').split(' ').filter(Boolean)],
      env: { ...process.env },
      stderr: 'ignore'
    });
  throw new Error(`no transport "${kind}"; there are http, ws, stdio and bridge`);
}

async function withClient(kind, use) {
  const client = new Client({ name: 'exai-tests', version: '1' });
  await client.connect(transport(kind));
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

function text(result) {
  const words = result.content.map((item) => item.text).join('\n');
  return result.isError ? `error: ${words}` : words;
}

const actions = {
  async list(kind) {
    const { tools } = await withClient(kind, (client) => client.listTools());
    for (const tool of tools) console.log(tool.name);
  },

  async call(kind, name, json = '{}') {
    const result = await withClient(kind, (client) =>
      client.callTool({ name, arguments: JSON.parse(json) }));
    console.log(text(result));
  },

  async stream(kind, name, json = '{}') {
    await withClient(kind, async (client) => {
      const onprogress = ({ progress, message }) => console.log(`progress ${progress}: ${message ?? ''}`);
      const result = await client.callTool({ name, arguments: JSON.parse(json) }, undefined, { onprogress });
      console.log(text(result));
    });
  },

  async many(kind, count, name) {
    // First everybody is connected (or has failed to), so that the calls really are at once.
    let waiting = Number(count);
    let open;
    const everybody = new Promise((resolve) => (open = resolve));
    const arrive = () => --waiting === 0 && open();
    const one = async () => {
      const client = new Client({ name: 'exai-tests', version: '1' });
      await client.connect(transport(kind)).finally(arrive);
      await everybody;
      const result = await client.callTool({ name, arguments: {} });
      await client.close();
      if (result.isError) throw new Error(text(result));
    };
    const outcomes = await Promise.allSettled(Array.from({ length: Number(count) }, one));
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    console.log(`${outcomes.length - failed.length} of ${count} calls succeeded`);
    for (const { reason } of failed.slice(0, 3)) console.log(String(reason));
    if (failed.length) process.exitCode = 1;
  },
};

const [kind, action, ...rest] = process.argv.slice(2);
try {
  if (!actions[action]) throw new Error(`no action "${action}"; there are ${Object.keys(actions).join(', ')}`);
  await actions[action](kind, ...rest);
} catch (error) {
  console.log(`failed: ${error.message}`);
  process.exitCode = 1;
}
