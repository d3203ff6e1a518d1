/** Which fingerprints are made of traffic: those that the configuration asks for, and where it leaves that open, those that rules look at. */
import type { Fingerprint } from '@sigwright/detection';
import { recordOption } from './configuration.ts';
import { at, isYes, type Tree } from './configuration-tree.ts';

const SETTINGS: Readonly<Record<Fingerprint, string>> = { hassh: 'ssh.hassh', ja3: 'tls.ja3-fingerprints', ja4: 'tls.ja4-fingerprints' };

/** `asked`: by rules. */
export function shownFingerprints(tree: Tree, asked: readonly Fingerprint[]): Readonly<Record<Fingerprint, boolean>> {
  const isShown = (name: Fingerprint): boolean => {
    const written = at(tree, `app-layer.protocols.${SETTINGS[name]}`);
    if (written !== undefined && written !== null && written !== 'auto') return isYes(written, false);
    return asked.includes(name) || isNamed(tree, name);
  };
  return { hassh: isShown('hassh'), ja3: isShown('ja3'), ja4: isShown('ja4') };
}

/** Records of TLS name it among their fields, or have an option of that name. */
function isNamed(tree: Tree, name: Fingerprint): boolean {
  const custom = recordOption(tree, 'tls.custom');
  return (Array.isArray(custom) && custom.some((field) => String(field).toLowerCase().startsWith(name))) || isYes(recordOption(tree, `tls.${name}`), false);
}
