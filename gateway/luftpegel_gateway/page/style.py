"""The page's only style sheet. Contrast: text 4.5:1, lines 3:1, light and dark (WCAG 1.4.3, 1.4.11)."""

STYLE = """\
:root { --ink: #1a1f24; --paper: #ffffff; --soft: #55606b; --line: #76818c; --link: #0a4f8f; --curve: #0a5ea8;
  --warn: #8a3b00; --band: #eef2f6 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf0; --paper: #14181c; --soft: #aab4be; --line: #7f8b97; --link: #8cc4ff;
    --curve: #6db3f5; --warn: #ffb27a; --band: #1f262d } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word }
a { color: var(--link) }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px }
.skip { position: absolute; left: -100rem }
.skip:focus { position: static }
header, footer { display: flex; flex-wrap: wrap; gap: .5rem 2rem; align-items: baseline }
h1 { font-size: 1.5rem; margin: .5rem 0 }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .5rem }
.scroll { overflow-x: auto }
.scroll table { min-width: 32rem }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: 600; padding: .25rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0;
  border-bottom: 1px solid var(--line) }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.soft { color: var(--soft) }
.warn { color: var(--warn); font-weight: 600 }
.findings { border-left: .3rem solid var(--warn); padding-left: .75rem }
.findings strong { color: var(--warn) }
.remark { display: block; white-space: normal }
ul { padding-left: 1.2rem }
.values { list-style: none; margin: 0; padding: 0 }
figure { margin: 1rem 0 }
svg { display: block; width: 100%; height: auto; max-height: 16rem; background: var(--band) }
svg .curve { fill: none; stroke: var(--curve); stroke-width: 2; vector-effect: non-scaling-stroke }
svg .dot { fill: var(--curve) }
svg .flagged { fill: none; stroke: var(--warn); stroke-width: 2; vector-effect: non-scaling-stroke }
svg .axis { stroke: var(--line); vector-effect: non-scaling-stroke }
svg text { fill: var(--ink); font-size: 12px }
details { margin: .5rem 0 }
summary { cursor: pointer }
@media print { :root { --paper: #fff; --ink: #000 } .skip, footer { display: none } }
"""
