// Draws the diagrams of a page with Mermaid, and again if the reader changes the theme. Without this script, a page shows their text.
"use strict";

(() => {
  const codes = [...document.querySelectorAll("code.language-mermaid")];
  if (codes.length === 0) {
    return;
  }
  const diagrams = codes.map((code) => {
    const diagram = document.createElement("div");
    diagram.className = "diagram";
    code.closest("pre").replaceWith(diagram);
    return { diagram, source: code.textContent };
  });
  const isDark = () => ["coal", "navy", "ayu"].some((theme) => document.documentElement.classList.contains(theme));
  let drawnDark;
  let count = 0;

  async function draw() {
    if (drawnDark === isDark()) {
      return;
    }
    drawnDark = isDark();
    mermaid.initialize({ startOnLoad: false, theme: drawnDark ? "dark" : "default" });
    for (const { diagram, source } of diagrams) {
      count += 1;
      diagram.innerHTML = (await mermaid.render(`diagram-${count}`, source)).svg;
    }
  }

  const script = document.createElement("script");
  script.src = `${path_to_root}mermaid/mermaid.tiny.js`;
  script.addEventListener("load", () => {
    draw();
    new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["class"] });
  });
  document.head.append(script);
})();
