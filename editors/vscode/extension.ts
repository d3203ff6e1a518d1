/** The extension: starts the rule server, the one it brings or one that the settings name, and keeps it as the settings change. */
import { join } from 'node:path';
import { commands, type ExtensionContext, workspace } from 'vscode';
import { LanguageClient, type ServerOptions, TransportKind } from 'vscode-languageclient/node';

let client: LanguageClient | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  context.subscriptions.push(
    commands.registerCommand('sigwright.restart', restart),
    workspace.onDidChangeConfiguration((change) => (change.affectsConfiguration('sigwright') ? restart() : undefined)),
  );
  await start();

  async function start(): Promise<void> {
    const settings = workspace.getConfiguration('sigwright');
    const text = (name: string): string | undefined => settings.get<string>(name)?.trim() || undefined;
    const path = workspace.isTrusted ? text('path') : undefined;
    const server: ServerOptions =
      path === undefined ? { module: join(context.extensionPath, 'server.mjs'), transport: TransportKind.stdio } : { command: path, args: ['language-server'] };
    client = new LanguageClient('sigwright', 'sigwright', server, {
      documentSelector: [{ language: 'suricata-rules' }],
      initializationOptions: { configuration: text('configuration'), target: text('target'), allow: settings.get<string[]>('allow') },
    });
    await client.start();
  }

  async function restart(): Promise<void> {
    await client?.dispose();
    await start();
  }
}

export function deactivate(): Promise<void> | undefined {
  return client?.dispose();
}
