let sheet: CSSStyleSheet | undefined;

/** The look of the log, made once however many logs a page has. A sheet made by script is allowed where a style attribute is not (CSP). */
export function activitySheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}

// The icon of a line has its middle 24px below the line's top, whatever the line's height: the rails meet it there.
const CSS = `
:host {
  --ink: var(--hitherto-ink, #1d2125); --paper: var(--hitherto-paper, #fff); --accent: var(--hitherto-accent, #0b7569);
  --soft: #656c74; --line: #ebebe8; --wash: #f6f6f4; --warn: #a34a0b; --lane1: #a3590b; --lane2: #4d57c8; --light: 91%; --dark: 30%;
  display: block; container-type: inline-size; color-scheme: light dark; color: var(--ink); background: var(--paper);
  font: 14px/24px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
:host([hidden]), [hidden] { display: none !important; }
@media (prefers-color-scheme: dark) {
  :host {
    --ink: var(--hitherto-ink, #e6e8ea); --paper: var(--hitherto-paper, #15181b); --accent: var(--hitherto-accent, #53c7b5);
    --soft: #98a0a8; --line: #282d32; --wash: #1c2024; --warn: #eca065; --lane1: #dfa65c; --lane2: #9aa4ff; --light: 24%; --dark: 82%;
  }
}
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
svg { width: 16px; height: 16px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
p, h3, ol, pre { margin: 0; padding: 0; }
bdi { overflow-wrap: anywhere; }

header { display: flex; align-items: center; justify-content: space-between; gap: 16px; border-bottom: 1px solid var(--line); padding: 0 20px; }
[role=tablist] { display: flex; gap: 24px; }
[role=tab] { padding: 14px 0 12px; border-bottom: 2px solid transparent; margin-bottom: -1px; color: var(--soft); font-weight: 500; }
[role=tab]:hover { color: var(--ink); }
[role=tab][aria-selected=true] { color: var(--ink); border-color: var(--accent); }
.count { margin-left: 8px; padding: 1px 7px; border-radius: 9px; background: var(--wash); color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.count:empty { display: none; }
.status { color: var(--soft); font-size: 13px; white-space: nowrap; }
.status::before { content: ""; display: inline-block; width: 7px; height: 7px; margin-right: 8px; border-radius: 50%; background: var(--line); }
.status.calm::before { background: var(--accent); }
.trouble { padding: 10px 20px; color: var(--warn); background: color-mix(in srgb, var(--warn) 8%, var(--paper)); }
.caption { padding: 14px 20px 10px; color: var(--soft); font-size: 13px; line-height: 20px; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.chip { display: inline-flex; align-items: center; gap: 6px; margin: 0 20px 10px; padding: 3px 6px 3px 12px; border: 1px solid var(--line); border-radius: 16px; color: var(--soft); max-width: calc(100% - 60px); }
.close { display: flex; padding: 4px; border-radius: 50%; color: var(--soft); }
.close:hover { background: var(--wash); color: var(--ink); }
.close svg { width: 12px; height: 12px; }

ol { list-style: none; --gutter: 20px; padding-bottom: 8px; }
.lanes1 { --gutter: 38px; } .lanes2 { --gutter: 54px; } .lanes3 { --gutter: 70px; }
li { position: relative; contain: layout paint style; display: grid; grid-template-columns: 28px minmax(0, 1fr) minmax(0, 240px) 92px; gap: 0 12px; padding: 10px 20px 10px var(--gutter); --rail: var(--accent); }
li:hover { background: var(--wash); }
li[data-lane="1"] { --rail: var(--lane1); } li[data-lane="2"] { --rail: var(--lane2); }
.icon { position: relative; display: grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; color: var(--soft); background: var(--wash); }
li:hover .icon { background: var(--line); }
.icon svg { width: 14px; height: 14px; }
.what, .by { min-width: 0; margin-top: 2px; }
.title bdi { font-weight: 550; margin-right: 8px; }
small { font-size: 12px; color: var(--soft); margin-right: 8px; white-space: nowrap; }
time { color: var(--soft); font-variant-numeric: tabular-nums; }
li > time { margin-top: 2px; font-size: 13px; text-align: right; white-space: nowrap; }
.by { display: flex; align-items: center; gap: 8px; color: var(--soft); height: 24px; }

.who { display: inline-flex; align-items: center; gap: 6px; min-width: 0; max-width: 100%; border-radius: 4px; color: var(--ink); vertical-align: bottom; }
.who bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.who:hover bdi { text-decoration: underline; text-underline-offset: 3px; }
.who i { flex: none; width: 20px; height: 20px; border-radius: 50%; font: 600 11px/20px system-ui, sans-serif; text-align: center; background: hsl(var(--hue) 45% var(--light)); color: hsl(var(--hue) 45% var(--dark)); }
.h0 { --hue: 12; } .h1 { --hue: 42; } .h2 { --hue: 120; } .h3 { --hue: 200; } .h4 { --hue: 255; } .h5 { --hue: 320; }
.visitor { font: 13px/24px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; gap: 5px; }
.visitor svg, .was svg { color: var(--soft); }
.i-anonymous path, .i-was path:first-child { stroke-dasharray: 2.2 2.5; }
.i-was path:last-child { fill: currentColor; }
.was { display: inline-flex; flex: none; vertical-align: -4px; }
.was svg { width: 18px; height: 18px; }
li .was svg { color: var(--rail); }

.rails { position: absolute; inset: 0 auto 0 0; width: var(--gutter); pointer-events: none; }
.rails i, .join::after { position: absolute; right: 0; border: 0 solid var(--way); border-left-width: 2px; }
.rails i { --way: var(--accent); top: 0; bottom: 0; left: calc(var(--gutter) - 14px); }
.rails .lane1 { --way: var(--lane1); left: calc(var(--gutter) - 30px); }
.rails .lane2 { --way: var(--lane2); left: calc(var(--gutter) - 46px); }
.rails .open { top: 23px; border-top-width: 2px; border-top-left-radius: 10px; }
.rails .end, .join::after { bottom: auto; height: 23px; border-bottom-width: 2px; border-bottom-left-radius: 10px; }
.join::after { content: ""; left: -2px; top: 0; }
li[data-was] .icon { background: var(--paper); color: var(--rail); box-shadow: inset 0 0 0 2px color-mix(in srgb, var(--rail) 35%, var(--paper)); }

li[data-type=anon_merge] { padding-bottom: 14px; background: color-mix(in srgb, var(--rail) 7%, var(--paper)); }
[data-type=anon_merge] .icon { background: var(--rail) !important; color: var(--paper); }
[data-type=anon_merge] .what { grid-column: 2 / 4; }
[data-type=anon_merge] .by { display: none; }
[data-type=anon_merge] .title { color: var(--rail); }
.oldest { color: var(--soft); white-space: nowrap; }
.oldest::before { content: "·"; margin: 0 6px; }
[data-type=failed_attribute_change] .icon { color: var(--warn); }
[data-type=failed_attribute_change] p { color: var(--soft); }

.empty { padding: 56px 20px 64px; text-align: center; color: var(--soft); }
.empty h3 { font-size: 16px; font-weight: 600; color: var(--ink); margin-bottom: 4px; }
.empty pre { display: inline-block; max-width: 100%; overflow-x: auto; box-sizing: border-box; margin-top: 16px; padding: 12px 16px; border-radius: 8px; text-align: left; background: var(--wash); color: var(--ink); font: 13px/22px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.older { display: block; margin: 8px auto 20px; padding: 5px 16px; border: 1px solid var(--line); border-radius: 16px; }
.older:hover { background: var(--wash); }

.news { animation: come .5s ease-out; }
.news[data-type=anon_merge] { animation-duration: 1s; }
@keyframes come { from { opacity: 0; translate: 0 -6px; background: color-mix(in srgb, var(--rail) 20%, var(--paper)); } }
@media (prefers-reduced-motion: reduce) { .news { animation: none; } }
@container (max-width: 620px) {
  header, .caption, .trouble { padding-left: 14px; padding-right: 14px; }
  .chip { margin-left: 14px; }
  ol { --gutter: 14px; } .lanes1 { --gutter: 28px; } .lanes2 { --gutter: 42px; } .lanes3 { --gutter: 56px; }
  .rails .lane1 { left: calc(var(--gutter) - 27px); } .rails .lane2 { left: calc(var(--gutter) - 40px); }
  li { grid-template-columns: 28px minmax(0, 1fr) auto; gap: 0 10px; padding-right: 14px; }
  .by { grid-area: 3 / 2 / auto / 4; }
  .what { display: contents; }
  .title { grid-area: 1 / 2; margin-top: 2px; }
  .what p { grid-column: 2 / 4; }
  li > time { grid-area: 1 / 3; }
  .oldest { display: block; }
  .oldest::before { display: none; }
  [role=tablist] { gap: 18px; }
}
`;
