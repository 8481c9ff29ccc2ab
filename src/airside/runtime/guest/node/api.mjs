// The Lambda Runtime API, from a function's side.

import http from 'node:http';

const [hostname, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const BASE = '/2018-06-01/runtime';

export function open(path, headers, onResponse) {
  const request = http.request({ hostname, port, agent, method: 'POST', path: BASE + path, headers }, (response) => {
    response.resume();
    response.on('end', () => onResponse?.(response.statusCode));
  });
  return request;
}

export function post(path, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const data = Buffer.from(body);
    const request = open(path, { 'Content-Type': 'application/json', 'Content-Length': data.length, ...headers }, resolve);
    request.on('error', reject);
    request.end(data);
  });
}

export function next() {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method: 'GET', path: `${BASE}/invocation/next` }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}
