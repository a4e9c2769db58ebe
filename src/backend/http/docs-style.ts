export const docsStyle = `
:root {
  color-scheme: light dark;
  --line: color-mix(in srgb, currentcolor 22%, transparent);
  --soft: color-mix(in srgb, currentcolor 6%, transparent);
  --quiet: color-mix(in srgb, currentcolor 72%, transparent);
  font: 16px/1.5 system-ui, sans-serif;
}
html { background: light-dark(#fff, #121614); color: light-dark(#14201c, #e4ebe8); }
* { box-sizing: border-box; }
body { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { margin: 0 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 1.25rem 0 0.25rem; font-size: 1rem; }
p { margin: 0.5rem 0; overflow-wrap: anywhere; }
a { color: light-dark(#075e54, #53d6b5); }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 2px solid light-dark(#075e54, #53d6b5); outline-offset: 2px; }
nav ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 0 1rem; margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: 0.65rem 0; }
p a { padding: 0.25rem 0; }
section > details { border: 1px solid var(--line); border-bottom-width: 0; }
section > details:first-of-type { border-radius: 0.5rem 0.5rem 0 0; }
section > details:last-of-type { border-radius: 0 0 0.5rem 0.5rem; border-bottom-width: 1px; }
section > details:only-of-type { border-radius: 0.5rem; }
summary { cursor: pointer; padding: 0.6rem 0.75rem; overflow-wrap: anywhere; }
section > details[open] > summary { border-bottom: 1px solid var(--line); background: var(--soft); }
summary .method { display: inline-block; min-width: 4.25rem; text-transform: uppercase; font-weight: 600; }
summary .about { display: block; color: var(--quiet); }
details > div { padding: 0.25rem 0.75rem 0.75rem; }
details details > summary { padding: 0.7rem 0; color: var(--quiet); }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; margin: 0.25rem 0; padding: 0.75rem; border: 1px solid var(--line); border-radius: 0.5rem; background: var(--soft); }
dl { margin: 0; }
dt { margin-top: 0.75rem; font-weight: 600; }
dd { margin: 0.25rem 0 0; }
dd code { display: inline-block; margin-right: 0.5rem; }
`
