/** The settings for the compiler and for editors in a folder of the learner's: those of the checkout, but for order. */
export function tsconfig(): string {
  const settings = {
    extends: '../../tsconfig.base.json',
    compilerOptions: {
      composite: false,
      noEmit: true,
      rewriteRelativeImportExtensions: false,
      // A stub names what it will need.
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['*.ts'],
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
