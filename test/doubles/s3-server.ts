import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface StoredObject {
  content: Buffer;
  /** When it was written, in milliseconds. */
  at: number;
}

/** The few calls of S3 that a store makes, over HTTP on this machine, with one bucket: `bucket`. */
export class S3Server {
  /** By `bucket/key`. */
  readonly objects = new Map<string, StoredObject>();
  /** Objects in one answer to a list. */
  pageSize = 1_000;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<S3Server> {
    const server = createServer();
    const double = new S3Server(server);
    server.on('request', (request, response) => {
      double.#answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return double;
  }

  /** AWS's variables that lead here. */
  get environment(): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      AWS_REGION: 'test-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
  }

  put(name: string, content: Buffer | string): void {
    this.objects.set(name, { content: Buffer.from(content), at: Date.now() });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const name = decodeURIComponent(url.pathname).slice(1);
    const body = await buffer(request);
    if (!/^bucket(\/|$)/.test(name)) return fail(response, 'NoSuchBucket', 'There is no such bucket');
    const found = this.objects.get(name);
    switch (request.method) {
      case 'PUT':
        return this.#write(name, body, request.headers['x-amz-copy-source'], response);
      case 'DELETE':
        this.objects.delete(name);
        response.writeHead(204).end();
        return;
      case 'HEAD':
      case 'GET':
        if (url.searchParams.has('list-type')) return this.#list(url.searchParams, response);
        if (found === undefined) return fail(response, 'NoSuchKey', 'There is no such key', request.method === 'HEAD');
        response.writeHead(200, {
          'content-length': found.content.length,
          'last-modified': new Date(found.at).toUTCString(),
        });
        response.end(request.method === 'HEAD' ? undefined : found.content);
        return;
      default:
        return fail(response, 'MethodNotAllowed', 'This is not spoken here');
    }
  }

  #write(name: string, body: Buffer, source: string | string[] | undefined, response: ServerResponse): void {
    const copied = source === undefined ? undefined : this.objects.get(decodeURIComponent(String(source)));
    if (source !== undefined && copied === undefined) return fail(response, 'NoSuchKey', 'Nothing to copy');
    this.put(name, copied?.content ?? body);
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(copied === undefined ? '' : '<CopyObjectResult><ETag>"x"</ETag></CopyObjectResult>');
  }

  #list(query: URLSearchParams, response: ServerResponse): void {
    const [prefix, after] = [`bucket/${query.get('prefix') ?? ''}`, `bucket/${query.get('start-after') ?? ''}`];
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix) && name > after).toSorted();
    const page = names.slice(0, this.pageSize).map((name) => {
      const { content, at } = this.objects.get(name)!;
      const [key, date] = [name.slice('bucket/'.length), new Date(at).toISOString()];
      return `<Contents><Key>${key}</Key><LastModified>${date}</LastModified><Size>${content.length}</Size></Contents>`;
    });
    response.writeHead(200, { 'content-type': 'application/xml' });
    response.end(
      `<ListBucketResult><IsTruncated>${names.length > page.length}</IsTruncated>${page.join('')}</ListBucketResult>`,
    );
  }
}

function fail(response: ServerResponse, code: string, message: string, withoutBody = false): void {
  response.writeHead(404, { 'content-type': 'application/xml' });
  response.end(withoutBody ? undefined : `<Error><Code>${code}</Code><Message>${message}</Message></Error>`);
}
