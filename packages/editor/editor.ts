/**
 * Rules that are being written, over all files of a set: what is wrong with them, what may come next, what things mean and where
 * they are used. Plain data in and out, positions as offsets; no clock, no file system, so that it runs in a browser as well.
 *
 * A change reads and checks again only the lines it touches. What only the whole set can show is found out by `checkSet`, which a
 * host calls when the author pauses.
 */
import type { Catalogue, Edit, EngineSettings, LintedDiagnostic, LintSubject, Span } from '@sigwright/contracts';
import { span } from '@sigwright/contracts';
import { graded, Linter } from '@sigwright/detection';
import { idleAllowance, isAllowed, moved } from '@sigwright/rule-language';
import { type Colour, coloursOf, lineColours } from './colours.ts';
import { type Completion, completionsAt } from './completion.ts';
import { type Hint, hintsOf } from './hints.ts';
import { type Hover, hoverAt } from './hover.ts';
import type { NameUse } from './names.ts';
import { type Folding, foldingsOf, type OutlineEntry, outlineOf } from './outline.ts';
import { shifted } from './positions.ts';
import { type QuickFix, quickFixes } from './quick-fixes.ts';
import { RuleFile, type RuleLine } from './rule-file.ts';

export interface EditorEnvironment {
  readonly catalogue: Catalogue;
  readonly settings: EngineSettings;
  /** `evil.co.uk` of `a.evil.co.uk` */
  readonly registrableDomain: (host: string) => string | undefined;
  /** a whole file in one style */
  readonly format: (text: string) => string;
  /** the oldest engine that must load the rules */
  readonly target?: string;
  /** lints that are left out, without `lint/` */
  readonly allow?: ReadonlySet<string>;
  /** the files are only a part of the set: what only the whole set can show is not asked */
  readonly part?: boolean;
  /** numbers that a new rule may have: inclusive ranges */
  readonly sidRanges?: readonly { readonly from: number; readonly to: number }[];
}

export interface Located {
  readonly path: string;
  readonly span: Span;
}

export interface UseOfName extends Located {
  readonly use: NameUse;
  readonly line: RuleLine;
}

export class RuleEditor {
  readonly environment: EditorEnvironment;
  readonly #linter: Linter;
  readonly #files = new Map<string, RuleFile>();
  readonly #uses = new Map<string, Set<RuleLine>>();
  /** by line: what the set showed when it was looked at last */
  #setFindings = new Map<RuleLine, LintedDiagnostic[]>();

  constructor(environment: EditorEnvironment) {
    this.environment = environment;
    this.#linter = new Linter(environment.catalogue, environment.settings, environment);
  }

  // --- files

  open(path: string, text: string): void {
    this.close(path);
    const file = new RuleFile(path, text, this.environment.catalogue);
    this.#files.set(path, file);
    for (const line of file.lines) this.#add(line);
  }

  /** `edit` in offsets of the text as it is. */
  change(path: string, edit: Edit): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    const { gone, come } = file.change(edit);
    for (const line of gone) this.#remove(line);
    for (const line of come) this.#add(line);
  }

  close(path: string): void {
    const file = this.#files.get(path);
    if (file === undefined) return;
    for (const line of file.lines) this.#remove(line);
    this.#files.delete(path);
  }

  file(path: string): RuleFile | undefined {
    return this.#files.get(path);
  }

  get files(): ReadonlyMap<string, RuleFile> {
    return this.#files;
  }

  #add(line: RuleLine): void {
    for (const { key } of line.names) {
      const lines = this.#uses.get(key);
      if (lines === undefined) this.#uses.set(key, new Set([line]));
      else lines.add(line);
    }
  }

  #remove(line: RuleLine): void {
    for (const { key } of line.names) {
      const lines = this.#uses.get(key);
      lines?.delete(line);
      if (lines?.size === 0) this.#uses.delete(key);
    }
    this.#setFindings.delete(line);
  }

  // --- what is wrong

  /** Everything known about a file now; only lines that changed are checked again. Disabled rules are read, not judged. */
  diagnostics(path: string): readonly LintedDiagnostic[] {
    const file = this.#files.get(path);
    if (file === undefined) return [];
    const found: LintedDiagnostic[] = [];
    for (let index = 0; index < file.lines.length; index++) {
      const line = file.lines[index];
      for (const one of line.parsed.diagnostics) found.push(moved(graded(one), line.start));
      if (line.allowance !== undefined) {
        for (const one of line.allowance.problems) found.push(moved(graded(one), line.start));
        if (line.allowance.codes.size > 0 && !file.allowanceCounts(index)) found.push(moved(graded(idleAllowance(line.allowance)), line.start));
      }
      const { rule } = line;
      if (rule === undefined) continue;
      for (const one of this.#lint(file, index).diagnostics) found.push(moved(one, line.start));
      if (!rule.enabled) continue;
      const allowed = file.allowedFor(index);
      for (const one of this.#setFindings.get(line) ?? []) if (!isAllowed(one.code, allowed)) found.push(moved(one, line.start));
    }
    return found;
  }

  #lint(file: RuleFile, index: number): { readonly subject: LintSubject; readonly diagnostics: readonly LintedDiagnostic[] } {
    const line = file.lines[index];
    const allowed = file.allowedFor(index);
    if (line.linted === undefined || line.linted.allowed !== allowed) {
      const rule = line.rule!;
      line.linted = { allowed, result: this.#linter.rule(rule, file.path, rule.enabled, allowed) };
    }
    return line.linted.result;
  }

  /** Looks at all files together; gives the paths whose diagnostics may have changed. */
  checkSet(): readonly string[] {
    if (this.environment.part === true) return [];
    const lines = new Map<LintSubject, RuleLine>();
    for (const file of this.#files.values())
      for (let index = 0; index < file.lines.length; index++)
        if (file.lines[index].rule !== undefined) lines.set(this.#lint(file, index).subject, file.lines[index]);
    const before = this.#setFindings;
    this.#setFindings = new Map();
    for (const { subject, diagnostic } of this.#linter.set([...lines.keys()])) {
      const line = lines.get(subject)!;
      const list = this.#setFindings.get(line);
      if (list === undefined) this.#setFindings.set(line, [diagnostic]);
      else list.push(diagnostic);
    }
    const changed = new Set<string>();
    for (const line of new Set([...before.keys(), ...this.#setFindings.keys()])) {
      if (JSON.stringify(before.get(line)) !== JSON.stringify(this.#setFindings.get(line))) changed.add(line.file.path);
    }
    return [...changed];
  }

  // --- names

  nameAt(path: string, offset: number): { readonly use: NameUse; readonly line: RuleLine } | undefined {
    const line = this.#files.get(path)?.lineAt(offset);
    const at = offset - (line?.start ?? 0);
    const use = line?.names.find((one) => at >= one.at.start && at <= one.at.end);
    return line === undefined || use === undefined ? undefined : { use, line };
  }

  usesOf(key: string): UseOfName[] {
    const found: UseOfName[] = [];
    for (const line of this.#uses.get(key) ?? [])
      for (const use of line.names) if (use.key === key) found.push({ path: line.file.path, span: shifted(use.at, line.start), use, line });
    return found.sort((a, b) => (a.path === b.path ? a.span.start - b.span.start : a.path < b.path ? -1 : 1));
  }

  /** Names of one kind, with how often each is set and asked. */
  namesOf(kind: string): { readonly name: string; readonly sets: number; readonly asks: number }[] {
    const found: { name: string; sets: number; asks: number }[] = [];
    for (const [key, lines] of this.#uses) {
      if (!key.startsWith(`${kind} `)) continue;
      const counted = { name: key.slice(kind.length + 1), sets: 0, asks: 0 };
      for (const line of lines) for (const use of line.names) if (use.key === key) counted[use.role]++;
      found.push(counted);
    }
    return found;
  }

  /** Where a bit or number is set, where a rule stands; variables are defined outside of rules. */
  definitions(path: string, offset: number): readonly Located[] {
    const here = this.nameAt(path, offset);
    if (here === undefined) return [];
    return this.usesOf(here.use.key).filter(({ use }) => use.role === 'sets');
  }

  references(path: string, offset: number): readonly UseOfName[] {
    const here = this.nameAt(path, offset);
    return here === undefined ? [] : this.usesOf(here.use.key);
  }

  /** What would be renamed at this place: the span of the name there. Only what rules remember can be renamed. */
  renamable(path: string, offset: number): { readonly span: Span; readonly name: string } | undefined {
    const here = this.nameAt(path, offset);
    if (here === undefined || here.use.kind === 'sid' || here.use.kind === 'variable') return undefined;
    return { span: shifted(here.use.at, here.line.start), name: here.use.name };
  }

  /** Edits by path, or why not. */
  rename(path: string, offset: number, name: string): ReadonlyMap<string, readonly Edit[]> | { readonly problem: string } {
    const here = this.nameAt(path, offset);
    if (here === undefined || this.renamable(path, offset) === undefined) return { problem: 'only bits and numbers that rules remember can be renamed' };
    if (name === '') return { problem: 'a name is wanted' };
    if (!/^[^\s,;|"()\\:]+$/.test(name)) return { problem: `\`${name}\` is no name: blanks, \`,\`, \`;\`, \`:\`, \`|\`, quotes and parentheses end it` };
    if (name !== here.use.name && this.#uses.has(`${here.use.kind} ${name}`))
      return { problem: `${here.use.kind} \`${name}\` exists already: two meanings would become one` };
    const edits = new Map<string, Edit[]>();
    for (const one of this.usesOf(here.use.key)) edits.set(one.path, [...(edits.get(one.path) ?? []), { span: one.span, text: name }]);
    return edits;
  }

  /** The lowest number of the ranges that no rule has; without ranges, one above the highest. */
  nextSid(): number {
    let highest = 0;
    const used = new Set<number>();
    for (const { name } of this.namesOf('sid')) {
      const sid = Number(name.slice(name.indexOf(':') + 1));
      used.add(sid);
      highest = Math.max(highest, sid);
    }
    for (const { from, to } of this.environment.sidRanges ?? []) for (let sid = from; sid <= to; sid++) if (!used.has(sid)) return sid;
    return highest === 0 ? FIRST_LOCAL_SID : highest + 1;
  }

  // --- everything else stands in its own file

  completions(path: string, offset: number): readonly Completion[] {
    return completionsAt(this, path, offset);
  }

  hover(path: string, offset: number): Hover | undefined {
    return hoverAt(this, path, offset);
  }

  outline(path: string): readonly OutlineEntry[] {
    const file = this.#files.get(path);
    return file === undefined ? [] : outlineOf(file);
  }

  foldings(path: string): readonly Folding[] {
    const file = this.#files.get(path);
    return file === undefined ? [] : foldingsOf(file);
  }

  colours(path: string, range?: Span): readonly Colour[] {
    const file = this.#files.get(path);
    return file === undefined ? [] : coloursOf(range === undefined ? file.lines : file.linesIn(range), this.environment.catalogue);
  }

  /** Of one line, with offsets of the line itself. */
  lineColours(line: RuleLine): readonly Colour[] {
    return lineColours(line, this.environment.catalogue);
  }

  hints(path: string, range: Span): readonly Hint[] {
    const file = this.#files.get(path);
    return file === undefined ? [] : hintsOf(file.linesIn(range), this.environment);
  }

  quickFixes(path: string, range: Span): readonly QuickFix[] {
    return quickFixes(this, path, range);
  }

  /** Edits that put the whole file, or the lines of a range, into one style. */
  format(path: string, range?: Span): readonly Edit[] {
    const file = this.#files.get(path);
    if (file === undefined) return [];
    const lines = range === undefined ? file.lines : file.linesIn(range);
    return lines.flatMap((line) => {
      const text = this.environment.format(line.text);
      return text === line.text ? [] : [{ span: span(line.start, line.end), text }];
    });
  }
}

/** 1,000,000 to 1,999,999 are kept for rules of one's own. */
const FIRST_LOCAL_SID = 1_000_000;
