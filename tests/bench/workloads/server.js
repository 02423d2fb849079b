// An HTTP server as they are: parses a query, keeps a bounded cache, answers
// with JSON. Listens on a free port of 127.0.0.1, or on PORT, and prints it;
// SIGTERM ends it with status 0.
'use strict';
const http = require('http');
const zlib = require('zlib');

const cache = new Map();

function answer(id) {
  const known = cache.get(id);
  if (known) return known;
  const rows = Array.from({length: 20}, (_, i) => ({
    id: id * 100 + i, name: 'row ' + i, squares: [i, i * i, i * i * i],
  }));
  const text = JSON.stringify({id, rows});
  if (cache.size >= 200) cache.delete(cache.keys().next().value);
  cache.set(id, text);
  return text;
}

let served = 0;
const server = http.createServer((request, response) => {
  const id = Number(new URL(request.url, 'http://x').searchParams.get('id')) ||
      served % 1000;
  const text = answer(id);
  served++;
  response.setHeader('Content-Type', 'application/json');
  if (served % 16 === 0 && !request.url.includes('plain'))
    zlib.gzip(text, (error, bytes) => response.end(
        error ? String(error) : String(bytes.length)));
  else
    response.end(text);
});

server.listen(Number(process.env.PORT || 0), '127.0.0.1',
              () => console.log(server.address().port));
process.on('SIGTERM', () => process.exit(0));
