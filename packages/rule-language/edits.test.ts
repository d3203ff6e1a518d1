/** Fixes in a text: those that touch the same place are made by the first alone, each whole or not at all, however many there are. */
import { type Edit, type Fix, span, warning } from '@sigwright/contracts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdits, applyFixes } from './edits.ts';

const TEXT = 'abcdefghijklmnopqrst';

const edit: fc.Arbitrary<Edit> = fc
  .record({ start: fc.nat(22), length: fc.nat(4), text: fc.constantFrom('', 'X', 'YZ') })
  .map(({ start, length, text }) => ({ span: span(start, start + length), text }));
const fix: fc.Arbitrary<Fix> = fc.record({ title: fc.constant('fix'), safe: fc.boolean(), edits: fc.array(edit, { minLength: 1, maxLength: 3 }) });

test('the same as trying each beside those made before it', () => {
  fc.assert(
    fc.property(fc.array(fix, { maxLength: 10 }), fc.boolean(), (fixes, unsafe) => {
      const accepted: Edit[] = [];
      let made = 0;
      for (const one of fixes) {
        if (!(one.safe || unsafe) || applyEdits(TEXT, [...accepted, ...one.edits]).refused.length > 0) continue;
        accepted.push(...one.edits);
        made++;
      }
      const diagnostics = fixes.map((one) => ({ ...warning('a/b', 'x', span(0, 1)), fixes: [one] }));
      expect(applyFixes(TEXT, diagnostics, { unsafe })).toEqual({ text: applyEdits(TEXT, accepted).text, made });
    }),
  );
});
