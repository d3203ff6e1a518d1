/**
 * The API's description → packages/client/operations.ts: a type for each shape, a method for each operation. Made anew with `npm ci` and
 * `npm test`; the file is kept in git, since others take the package as it is, and a test says where it is old.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Desk } from '@sigwright/server';
import { apiOf } from '../apps/server/api.ts';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}
interface Operation {
  readonly operationId?: string;
  readonly summary: string;
  readonly description: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Schema }> };
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Schema }> }>;
}
interface Description {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

export const OPERATIONS = join(import.meta.dirname, '..', 'packages', 'client', 'operations.ts');
/** Answers that are streams have methods of their own in index.ts. */
const BY_HAND = new Set(['stream']);

export async function operationsText(): Promise<string> {
  // Only the shapes of the routes are asked for; no handler runs.
  const answer = await apiOf({} as Desk).request('/openapi.json');
  const { paths, components } = (await answer.json()) as Description;
  const out = [
    `/**
 * What can be asked of a workbench. Generated from its routes by tools/generate-client.ts: change those, not this.
 */
`,
  ];
  for (const [name, schema] of Object.entries(components.schemas)) {
    const type = typeOf(schema);
    out.push(type.startsWith('{') ? `export interface ${name} ${type}\n` : `export type ${name} = ${type};\n`);
  }
  const methods: string[] = [];
  for (const [path, operations] of Object.entries(paths))
    for (const [method, operation] of Object.entries(operations))
      if (!BY_HAND.has(operation.operationId ?? '')) methods.push(methodOf(method, path, operation, out));
  out.push(`export interface Sent {
  readonly method: string;
  /** below /api/v1 */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | null | undefined>>;
  readonly body?: unknown;
  /** of the body, where it is not JSON */
  readonly type?: string;
}

export abstract class Operations {
  /** Resolves with what JSON says, or undefined where there is nothing to say. */
  protected abstract send(sent: Sent): Promise<unknown>;

${methods.join('\n')}}
`);
  return out.join('\n');
}

/** An operation that has no name of its own: `get /feedback` → `getFeedback`. */
function nameOf(method: string, path: string): string {
  return method + path.replace(/[{}]/g, '').replace(/\/(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function methodOf(
  method: string,
  path: string,
  { operationId = nameOf(method, path), summary, description, parameters = [], requestBody, responses }: Operation,
  out: string[],
): string {
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query');
  const args = inPath.map((one) => `${one.name}: ${typeOf(one.schema)}`);
  const [type, body] = Object.entries(requestBody?.content ?? {})[0] ?? [undefined, undefined];
  if (body !== undefined) args.push(`body: ${typeOf(body.schema)}`);
  if (inQuery.length > 0) {
    const name = `${operationId.replace(/^(list|get)/, '').replace(/^./, (letter) => letter.toUpperCase())}Query`;
    const needed = inQuery.some((one) => one.required === true);
    out.push(
      `export interface ${name} {\n${inQuery.map((one) => `readonly ${one.name}${one.required === true ? '' : '?'}: ${typeOf(one.schema)};`).join('\n')}\n}\n`,
    );
    args.push(needed ? `query: ${name}` : `query: ${name} = {}`);
  }
  const [status, good] = Object.entries(responses).find(([code]) => code.startsWith('2'))!;
  const answer = status === '204' ? 'void' : typeOf(Object.values(good.content ?? {})[0]?.schema ?? {});
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => `\${encodeURIComponent(String(${name}))}`);
  const sent = [
    `method: '${method.toUpperCase()}'`,
    `path: ${inPath.length > 0 ? `\`${place}\`` : `'${place}'`}`,
    ...(inQuery.length > 0 ? ['query: { ...query }'] : []),
    ...(body === undefined ? [] : ['body']),
    ...(type === undefined || type === 'application/json' ? [] : [`type: '${type}'`]),
  ];
  const send = `await this.send({ ${sent.join(', ')} })`;
  const how = answer === 'void' ? send : `return (${send}) as ${answer}`;
  return `  /** ${summary}. ${description} */\n  async ${operationId}(${args.join(', ')}): Promise<${answer}> {\n    ${how};\n  }\n`;
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const several = schema.anyOf ?? schema.oneOf;
  if (several !== undefined) return several.map(typeOf).join(' | ');
  if (schema.allOf !== undefined) return schema.allOf.map(typeOf).join(' & ');
  if (Array.isArray(schema.type)) return schema.type.map((type: string) => typeOf({ ...schema, type })).join(' | ');
  if (schema.type === 'array') return `readonly ${group(typeOf(schema.items ?? {}))}[]`;
  if (schema.properties !== undefined) {
    const required = new Set(schema.required ?? []);
    const fields = Object.entries(schema.properties).map(
      ([name, one]) => `${one.description === undefined ? '' : `/** ${one.description} */\n`}readonly ${name}${required.has(name) ? '' : '?'}: ${typeOf(one)};`,
    );
    return `{\n${fields.join('\n')}\n}`;
  }
  if (schema.type === 'object')
    return `Readonly<Record<string, ${typeof schema.additionalProperties === 'object' ? typeOf(schema.additionalProperties) : 'unknown'}>>`;
  if (schema.type === 'integer' || schema.type === 'number') return 'number';
  return schema.type === 'string' || schema.type === 'boolean' || schema.type === 'null' ? schema.type : 'unknown';
}

function group(type: string): string {
  return /[|&]/.test(type) && !type.startsWith('{') ? `(${type})` : type;
}

/** In the house's format. */
export function formatted(text: string): string {
  const biome = join(import.meta.dirname, '..', 'node_modules', '.bin', 'biome');
  return execFileSync(biome, ['format', '--stdin-file-path=packages/client/operations.ts'], {
    input: text,
    encoding: 'utf8',
    cwd: join(import.meta.dirname, '..'),
  });
}

/** Leaves the file alone where it says it already. */
export async function writeOperations(): Promise<void> {
  const text = formatted(await operationsText());
  if (!existsSync(OPERATIONS) || readFileSync(OPERATIONS, 'utf8') !== text) writeFileSync(OPERATIONS, text);
}

if (import.meta.main) await writeOperations();
