/** The pages' style sheet: light and dark, from 390 pixels up. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --soft: #f3f4f6; --line: #d5d9de; --quiet: #59626d; --link: #0b57a4; --bad: #a4161a; --watch: #8a5a00; --context: #2d5d7b; --good: #1c6b3c; --mark: #ffe08a; --mark-ink: #1b1f24; --choice: #cfe0f5; --rose: #8b1a7f; --teal: #00695c; --olive: #6b5300; --rust: #9a3412; --slate: #4a5a8a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --paper: #14171b; --soft: #1d2127; --line: #363c45; --quiet: #a5adb8; --link: #8cbcf2; --bad: #ff9b9b; --watch: #f0c674; --context: #9ecbe8; --good: #8fd6a8; --mark: #e0b83c; --mark-ink: #14171b; --choice: #2f4562; --rose: #e79be0; --teal: #6fd3c0; --olive: #d9c37a; --rust: #f2a97a; --slate: #a9b6e6; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
.skip { position: absolute; left: -99rem; } .skip:focus { left: .5rem; top: .5rem; background: var(--paper); padding: .3rem .6rem; z-index: 2; }
header { padding: .7rem max(1.2rem, 50% - 36.8rem) .5rem; border-bottom: 1px solid var(--line); background: var(--soft); } header.wide { padding-left: max(1.2rem, 50% - 48.8rem); padding-right: max(1.2rem, 50% - 48.8rem); }
.top { display: flex; gap: .2rem 1rem; align-items: baseline; }
.top .title { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .top .person { margin-left: auto; max-width: 70%; }
form.person { display: flex; flex-wrap: wrap; justify-content: end; align-items: baseline; gap: .2rem .4rem; } form.person span { overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: .3rem; }
nav a { padding: .15rem 0; } nav a[aria-current] { font-weight: 700; text-decoration: none; color: var(--ink); border-bottom: 2px solid var(--ink); }
a { color: var(--link); }
main { overflow-wrap: anywhere; max-width: 76rem; margin: 0 auto; padding: .6rem 1.2rem 4rem; } main.wide { max-width: 100rem; }
h1 { font-size: 1.6rem; margin: .6rem 0; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 1.6rem 0 .4rem; overflow-wrap: anywhere; } h3 { font-size: 1rem; margin: 1rem 0 .3rem; overflow-wrap: anywhere; }
h1 small { font-weight: 400; color: var(--quiet); }
.lead { margin: 0 0 1rem; } .quiet-text, figcaption { color: var(--quiet); font-size: .9rem; }
.empty { border: 1px dashed var(--line); border-radius: .3rem; padding: 1rem; color: var(--quiet); }
.notice { border-left: .4rem solid var(--good); background: var(--soft); padding: .5rem .8rem; } .problem { border-left: .4rem solid var(--bad); background: var(--soft); padding: .5rem .8rem; overflow-wrap: anywhere; }
.card { border: 1px solid var(--line); border-left: .4rem solid var(--line); border-radius: .3rem; padding: .2rem 1rem .8rem; margin: .8rem 0; }
.card h2 { margin: .6rem 0 0; } .judgement { margin: 0; font-weight: 700; } .card > .judgement:first-child { margin-top: .5rem; } .card ul { margin: .4rem 0; }
.bad { border-left-color: var(--bad); } .bad .judgement { color: var(--bad); }
.watch { border-left-color: var(--watch); } .watch .judgement { color: var(--watch); }
.context { border-left-color: var(--context); } .context .judgement { color: var(--context); }
.aside td { color: var(--quiet); } .tag { border: 1px solid var(--line); border-radius: .7rem; padding: 0 .5rem; font-size: .85rem; white-space: nowrap; }
.gone { text-decoration: line-through; color: var(--bad); } .gone + mark { margin-left: .25rem; } .good { color: var(--good); } .wrong { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td { overflow-wrap: anywhere; } th { white-space: nowrap; } td.number, th.number { text-align: right; } .number:not(:last-child) { padding-right: 1.6rem; }
th, td { min-width: 5.2rem; text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
tr.here td { background: var(--soft); }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .8rem; overflow-x: auto; font: .85rem/1.45 ui-monospace, monospace; }
pre.rule, pre.text { white-space: pre-wrap; overflow-wrap: anywhere; }
pre.bytes { margin: .3rem 0 .8rem; } .row > span { white-space: pre; } .offset { opacity: .7; }
mark { background: var(--mark); color: var(--mark-ink); } mark.benign { background: var(--soft); color: var(--ink); outline: 1px solid var(--line); }
.post { max-width: 48rem; overflow-wrap: anywhere; }
.steps li { margin: .2rem 0; overflow-wrap: anywhere; }
details summary { cursor: pointer; padding: .2rem 0; } td summary { white-space: nowrap; } table + details, table + form.line, table + p { margin-top: .7rem; }
.pages { display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
form.line > * { max-width: 100%; min-width: 0; } select { width: auto; }
form.line { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin: .6rem 0 1rem; } form.line > a { padding: .45rem 0; } td > form.line:first-child { margin-top: 0; }
form.tall { display: grid; gap: .7rem; max-width: 40rem; } form.tall.full { max-width: none; } form.tall > p { margin: 0; } form.tall > button { justify-self: start; } form.tall input:not([type=checkbox]) { width: 100%; max-width: 28rem; }
label { font-size: .92rem; } label input:not([type=checkbox]), label select, label textarea { display: block; margin-top: .2rem; } label:has(> input[type=checkbox]) { display: flex; align-items: center; gap: .4rem; min-height: 2.3rem; }
input, select, textarea, button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--quiet); border-radius: .3rem; padding: .3rem .5rem; max-width: 100%; min-height: 2.3rem; } ::placeholder { color: var(--quiet); opacity: 1; }
input[type=checkbox] { flex: none; width: 1.1rem; height: 1.1rem; min-height: 0; } textarea { width: 100%; font: .9rem/1.45 ui-monospace, monospace; }
button { background: var(--link); color: var(--paper); border-color: var(--link); cursor: pointer; } button.quiet { background: none; color: var(--link); border-color: var(--line); padding: .1rem .5rem; min-height: 1.8rem; }
fieldset label:has(> input[type=checkbox]) { display: inline-flex; min-height: 1.8rem; margin-right: .6rem; } #post { min-height: 60vh; }
fieldset { border: 1px solid var(--line); border-radius: .3rem; }
.facts { display: grid; grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr); gap: .35rem 1rem; margin: .6rem 0 1rem; } .facts dt { color: var(--quiet); } .facts dd { margin: 0; overflow-wrap: anywhere; }
.timeline { margin: .6rem 0 1rem; } .timeline svg { width: 100%; height: 4rem; background: var(--soft); border-radius: .3rem; } .timeline rect { fill: var(--link); } figcaption { display: flex; justify-content: space-between; gap: .5rem; flex-wrap: wrap; }
.two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.2rem; align-items: start; }
.two .dump { container-type: inline-size; } .two .dump pre.bytes { font-size: clamp(.7rem, 2.15cqi, .85rem); padding: .5rem .6rem; } .two ol.steps { padding-left: 1.4rem; }
#editor { border: 1px solid var(--line); border-radius: .3rem; font-size: .9rem; overflow: hidden; } #editor .cm-editor { max-height: 30rem; color: var(--ink); background: var(--paper); } #editor .cm-scroller { font-family: ui-monospace, monospace; }
#editor .cm-gutters { background: var(--soft); color: var(--quiet); border-right: 1px solid var(--line); } #editor .cm-cursor { border-left-color: var(--ink); } #editor .cm-selectionBackground { background: var(--choice) !important; }
.cm-tooltip.cm-tooltip, .cm-panels.cm-panels { background: var(--soft); color: var(--ink); border: 1px solid var(--line); } .cm-tooltip-autocomplete.cm-tooltip > ul > li[aria-selected] { background: var(--link); color: var(--paper); } .cm-tooltip .cm-completionDetail { font-style: normal; color: var(--quiet); } .cm-tooltip li[aria-selected] .cm-completionDetail { color: var(--paper); }
.cm-hover, .cm-tooltip .cm-completionInfo { max-width: 34rem; padding: .2rem .7rem; } .markdown p { margin: .4rem 0; } .markdown hr { border: 0; border-top: 1px solid var(--line); margin: .4rem 0; }
.cm-diagnostic .cm-diagnosticAction { background: var(--link); color: var(--paper); } .cm-diagnostic .cm-diagnosticSource { opacity: 1; color: var(--quiet); }
.cm-hint { margin-left: .3rem; padding: 0 .3rem; border-radius: .3rem; font-size: .8rem; background: var(--soft); color: var(--quiet); }
.rule-comment, .rule-annotation { color: var(--quiet); } .rule-action { color: var(--rose); } .rule-protocol { color: var(--teal); } .rule-address, .rule-number { color: var(--olive); } .rule-variable, .rule-state { color: var(--rust); } .rule-buffer { color: var(--link); font-weight: 700; } .rule-modifier { color: var(--slate); } .rule-transform, .rule-pattern { color: var(--rose); } .rule-condition { color: var(--teal); } .rule-unknown { color: var(--bad); } .rule-text { color: var(--good); } .rule-bytes { color: var(--watch); }
.rule-disabled { font-style: italic; }
.rule-holds { border-bottom: 2px solid var(--good); } .rule-fails { border-bottom: 2px solid var(--bad); } .rule-unasked { border-bottom: 2px dotted var(--line); }
button.link { background: none; border: 0; color: var(--link); text-decoration: underline; padding: .1rem 0; min-height: 1.6rem; text-align: left; }
.rule-lines { max-height: 20rem; overflow-y: auto; }
.tools { margin: .4rem 0; } #diagnostics ul, .rule-lines { padding-left: 1.2rem; margin: .4rem 0; } #diagnostics li { margin: .25rem 0; }
#drop { border: 2px dashed var(--line); border-radius: .3rem; padding: .8rem; } #drop.over { border-color: var(--link); } #drop p { margin: .4rem 0; } progress { max-width: 100%; }
.dump pre.bytes { margin: .2rem 0; cursor: text; user-select: none; } .dump .chosen { background: var(--link); color: var(--paper); } .chosen-bar { margin: .2rem 0; } .chosen-bar code { overflow-wrap: anywhere; }
details.flow { border: 1px solid var(--line); border-radius: .3rem; margin: .3rem 0; padding: 0 .7rem; } .flow-body { padding: .2rem 0 .6rem .8rem; } .flow-summary { display: block; padding-left: 1.1rem; color: var(--quiet); font-size: .9rem; } .flow-id { color: var(--quiet); } .buffer-name { margin: .5rem 0 0; }
@media (min-width: 60rem) { td.whole { white-space: nowrap; } .two > section:has(> form #post) { position: sticky; top: 0; } }
@media (max-width: 60rem) { .two { grid-template-columns: minmax(0, 1fr); } }
@media (max-width: 44rem) {
  figcaption span:nth-child(2) { order: 3; width: 100%; }
  header, header.wide, main { padding-left: .8rem; padding-right: .8rem; } h1 { font-size: 1.35rem; } .top { flex-wrap: wrap; } .top .title { order: 3; flex-basis: 100%; font-size: .92rem; }
  thead { display: none; }
  table, tbody, tr, td { display: block; }
  tr { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  td { position: relative; padding: .1rem 0 .1rem 6.6rem; border: 0; min-height: 1.6rem; }
  td::before { content: attr(data-heading); position: absolute; left: 0; color: var(--quiet); } td:empty { display: none; } td.number { text-align: left; }
  td:has(form) { padding-top: 1.6rem; padding-left: 0; } td:has(form)::before { top: .1rem; } td:has(> form > button:only-of-type):not(:has(label)) { padding-top: .1rem; padding-left: 6.6rem; }
  .row { display: grid; grid-template-columns: 5.5ch 25ch 1fr; } .row > .offset { white-space: nowrap; text-align: right; padding-right: 1.2ch; } pre.bytes:has(.row) { font-size: .8rem; padding: .5rem; } .row > :nth-child(3) { grid-area: 2 / 2; } .row > :nth-child(4) { grid-area: 1 / 3; } .row > :nth-child(5) { grid-area: 2 / 3; } .row > .none { display: none; }
  .dump pre.bytes { padding: .4rem .4rem; font-size: .8rem; } .flow-body { padding-left: 0; } ol.steps .dump { margin-left: -1.2rem; }
  .card { padding: .2rem .7rem .6rem; } ul, ol.steps { padding-left: 1.3rem; }
  nav { gap: 0 .8rem; font-size: .92rem; } nav a { padding: .25rem 0; }
}
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
`;
