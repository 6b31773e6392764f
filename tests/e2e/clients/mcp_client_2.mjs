// The official SDK's client, version 2, in either era. Usage:
//
//   node mcp_client_2.mjs http|stdio|bridge handshake|stateless|auto list
//   node mcp_client_2.mjs http|stdio|bridge handshake|stateless|auto call TOOL [JSON]
//
// Prints the version that was agreed on, then names of tools or the text of the result. Servers as
// in mcp_client.mjs; version 2 has no WebSockets.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const token = process.env.EXAI_WS_TOKEN;
const headers = token ? { Authorization: `Bearer ${token}` } : {};
const httpUrl = new URL(process.env.EXAI_MCP_URL ?? `http://127.0.0.1:${process.env.EXAI_WS_PORT}/mcp`);

const transports = {
  http: () => new StreamableHTTPClientTransport(httpUrl, { requestInit: { headers } }),
  stdio: () => new StdioClientTransport({ command: 'exaid', args: ['--stdio'], stderr: 'ignore' }),
  bridge: () =>
    new StdioClientTransport({ command: 'exai', args: ['mcp'], env: { ...process.env }, stderr: 'ignore' })
};
const eras = {
  handshake: {},
  stateless: { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  auto: { versionNegotiation: { mode: 'auto' } }
};
const actions = {
  async list(client) {
    const { tools } = await client.listTools();
    return tools.map((tool) => tool.name).join('\n');
  },
  async call(client, name, json = '{}') {
    const result = await client.callTool({ name, arguments: JSON.parse(json) });
    const words = result.content.map((item) => item.text).join('\n');
    return result.isError ? `error: ${words}` : words;
  }
};

const [kind, era, action, ...rest] = process.argv.slice(2);
try {
  const client = new Client({ name: 'exai-tests', version: '2' }, eras[era]);
  await client.connect(transports[kind]());
  try {
    console.log(client.getNegotiatedProtocolVersion());
    console.log(await actions[action](client, ...rest));
  } finally {
    await client.close();
  }
} catch (error) {
  console.log(`failed: ${error.message}`);
  process.exitCode = 1;
}
