/** Shows what a script is for and ends, where somebody asks; called before anything else is looked at. */
export function showHelp(usage) {
  if (!process.argv.includes('--help')) return;
  console.log(usage);
  process.exit(0);
}
