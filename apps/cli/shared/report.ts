/** Reads a report (file or standard input) and hands intake the catalogue's indicators. */
import { readFileSync } from 'node:fs';
import { catalogue, refang } from '@sigwright/catalogue';
import { type IntakeOptions, type ReportReading, readReport } from '@sigwright/workbench';

export function intakeOptions(format: string | undefined): IntakeOptions {
  return { definitions: catalogue.indicators, refang, ...(format === 'html' || format === 'text' || format === 'markdown' ? { format } : {}) };
}

export function textOf(path: string): string {
  return readFileSync(path === '-' ? 0 : path, 'utf8');
}

export function readingOf(path: string, format?: string): ReportReading {
  return readReport(textOf(path), intakeOptions(format ?? (/\.html?$/i.test(path) ? 'html' : undefined)));
}
