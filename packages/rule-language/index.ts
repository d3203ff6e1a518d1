/** Rule text ⇄ tree. The only door of this package. */
export * from './header-fields.ts';
export * from './tokens.ts';
export * from './typed-rule.ts';
