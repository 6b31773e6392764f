// An OpenAI-compatible provider that answers every chat with "Hello from the mock", word by word.
//
//   node mock_provider.mjs PORT
//
// Plain or as server-sent events, as the request asks; 401 without an Authorization header.
import { createServer } from 'node:http';

const words = ['Hello', ' from', ' the', ' mock'];
const usage = { prompt_tokens: 3, completion_tokens: words.length, total_tokens: 3 + words.length };

function chunk(model, delta, finish_reason = null) {
  return { id: 'chat-1', object: 'chat.completion.chunk', created: 0, model, choices: [{ index: 0, delta, finish_reason }] };
}

async function stream(response, model) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of words) {
    response.write(`data: ${JSON.stringify(chunk(model, { role: 'assistant', content }))}\n\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  response.write(`data: ${JSON.stringify({ ...chunk(model, {}, 'stop'), usage })}\n\n`);
  response.end('data: [DONE]\n\n');
}

function json(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (!request.headers.authorization) return json(response, 401, { error: { message: 'no key' } });
    if (request.url.endsWith('/models')) return json(response, 200, { object: 'list', data: [{ id: 'mock', object: 'model' }] });
    const asked = JSON.parse(Buffer.concat(parts).toString());
    if (asked.stream) return stream(response, asked.model);
    const message = { role: 'assistant', content: words.join('') };
    json(response, 200, { id: 'chat-1', object: 'chat.completion', created: 0, model: asked.model, usage,
      choices: [{ index: 0, message, finish_reason: 'stop' }] });
  });
}).listen(Number(process.argv[2]), '127.0.0.1');
