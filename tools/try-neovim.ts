/**
 * Neovim as a client of the language server, set up as editors/README.md says: opens a rule with mistakes without a window, waits for
 * diagnostics, asks for hover and format. Prints what came; exit 1 where something did not, 2 where there is no nvim.
 *
 *     node tools/try-neovim.ts
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIGWRIGHT = join(import.meta.dirname, '..', 'sigwright');
const RULE = 'alert http any any -> any any (msg:"ET TEST x"; htp.uri; content:"/a"; sid:1; rev:1;)\n';
const MOST_SECONDS = 60;

const folder = mkdtempSync(join(tmpdir(), 'sigwright-neovim-'));
const rules = join(folder, 'local.rules');
const answer = join(folder, 'answer.json');
writeFileSync(rules, RULE);
writeFileSync(
  join(folder, 'init.lua'),
  `
local cmd = { ${JSON.stringify(SIGWRIGHT)}, "language-server" }
local function answer(found)
  local file = io.open(${JSON.stringify(answer)}, "w")
  file:write(vim.fn.json_encode(found))
  file:close()
end
if vim.lsp.config then
  vim.filetype.add({ extension = { rules = "suricata" } })
  vim.lsp.config.sigwright = { cmd = cmd, filetypes = { "suricata" }, root_markers = { "ruleset.yaml", ".git" } }
  vim.lsp.enable("sigwright")
end
vim.api.nvim_create_autocmd("VimEnter", { callback = function()
  if not vim.lsp.config then
    local id = vim.lsp.start_client({ cmd = cmd, root_dir = ${JSON.stringify(folder)} })
    vim.lsp.buf_attach_client(0, id)
  end
  local found = { diagnostics = {}, hover = "", formatted = "" }
  local came = vim.wait(${MOST_SECONDS * 1000}, function() return #vim.diagnostic.get(0) > 0 end, 50)
  if came then
    for _, one in ipairs(vim.diagnostic.get(0)) do table.insert(found.diagnostics, { code = one.code or "", message = one.message, line = one.lnum }) end
    local document = { uri = vim.uri_from_bufnr(0) }
    local function ask(method, parameters)
      for _, one in pairs(vim.lsp.buf_request_sync(0, method, parameters, 10000) or {}) do return one.result end
    end
    local hover = ask("textDocument/hover", { textDocument = document, position = { line = 0, character = ${RULE.indexOf('content')} } })
    found.hover = hover and hover.contents and (hover.contents.value or hover.contents) or ""
    local edits = ask("textDocument/formatting", { textDocument = document, options = { tabSize = 2, insertSpaces = true } })
    found.formatted = edits and #edits or 0
  end
  answer(found)
  vim.cmd("qa!")
end })
`,
);
const run = spawnSync('nvim', ['--headless', '-n', '-u', join(folder, 'init.lua'), rules], { encoding: 'utf8', timeout: 2 * MOST_SECONDS * 1000 });
if (run.error !== undefined && (run.error as NodeJS.ErrnoException).code === 'ENOENT') {
  console.log('left out: there is no nvim');
  process.exitCode = 2;
} else {
  interface Answer {
    readonly diagnostics: readonly { readonly code: string; readonly message: string; readonly line: number }[];
    readonly hover: string;
  }
  const found = JSON.parse(readFileSync(answer, 'utf8')) as Answer;
  const version = /^NVIM .*/.exec(spawnSync('nvim', ['--version'], { encoding: 'utf8' }).stdout)?.[0];
  for (const { code, message, line } of found.diagnostics) console.log(`${version}: line ${line + 1}: ${message.split('\n')[0]} ${code}`);
  console.log(`${version}: hover on content: ${found.hover.split('\n')[0].slice(0, 80)}`);
  const isGood = found.diagnostics.some(({ message }) => message.includes('htp.uri')) && found.hover.includes('content');
  console.log(isGood ? 'diagnostics and hover arrive' : 'something did not arrive');
  if (!isGood) console.log(run.stderr);
  process.exitCode = isGood ? 0 : 1;
}
rmSync(folder, { recursive: true });
