// Looks at the page as it stands, and lists what is wrong with it, by check. A fault is a sentence.
(() => {
  const TARGETS = "a[href], button, input:not([type=hidden]), select, textarea, summary, label.choice, label.pill";
  const MORE = `${TARGETS}, [tabindex='0']`;
  const all = (what, within = document) => [...within.querySelectorAll(what)];
  const style = (one, part = null) => getComputedStyle(one, part);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && one.getClientRects().length > 0;
  const words = (text) => text.replace(/[^\p{L}\p{N}]+/gu, " ").trim().toLowerCase();
  const short = (one) => {
    const said = (one.getAttribute("aria-label") || one.innerText || one.name || one.id || "").trim();
    return `<${one.localName}> “${said.replace(/\s+/g, " ").slice(0, 40)}”`;
  };
  const isText = (one) => one.nodeType === Node.TEXT_NODE && one.data.trim();

  // --- targets ---

  const isTick = (one) => one.matches("input[type=checkbox], input[type=radio]");
  const hit = (one) => (isTick(one) && one.closest("label")) || one;
  const inText = (one) => one.matches("a") && style(one).display === "inline"
    && words(one.parentElement.innerText).length > words(one.innerText).length
    && [...one.parentElement.childNodes].some((other) => other !== one && words(other.textContent || ""));

  function targets(least) {
    return all(TARGETS).filter((one) => seen(hit(one)) && !inText(one)).flatMap((one) => {
      const { width, height } = hit(one).getBoundingClientRect();
      if (width >= least - 0.5 && height >= least - 0.5) return [];
      return [`${short(one)} is ${Math.round(width)} by ${Math.round(height)} px, not ${least}`];
    });
  }

  // --- order and focus ---

  const stops = () => all(MORE).filter((one) => seen(one) && one.tabIndex >= 0 && !one.disabled);

  function order() {
    const found = all("[tabindex]").filter((one) => one.tabIndex > 0).map((one) => `${short(one)} jumps the queue`);
    const floating = all("body *").filter((one) => ["fixed", "sticky"].includes(style(one).position));
    const stays = (one) => !one.closest(".skip") && !floating.some((other) => other.contains(one));
    const listed = stops().filter(stays).map((one) => [one, hit(one).getBoundingClientRect()]);
    for (let place = 1; place < listed.length; place += 1) {
      const [[before, was], [one, is]] = [listed[place - 1], listed[place]];
      const above = is.bottom <= was.top + 1, left = is.right <= was.left + 1 && is.top < was.bottom - 1;
      if (above || left) found.push(`${short(one)} is reached after ${short(before)}, but stands before it`);
    }
    return found;
  }

  const RING = ["outlineStyle", "outlineWidth", "outlineColor"];
  const ring = (one) => {
    const shown = style(one);
    const drawn = shown.outlineStyle !== "none" && parseFloat(shown.outlineWidth) >= 2 && +shown.opacity > 0;
    return drawn && rgba(shown.outlineColor)[3] > 0 ? RING.map((name) => shown[name]).join(" ") : "";
  };
  const rings = (one) => [one, one.closest("label"), one.nextElementSibling].filter(Boolean).map(ring);

  function focus() {
    const found = [];
    for (const one of stops()) {
      document.activeElement?.blur();
      const before = rings(one);
      one.focus({ focusVisible: true });
      if (!rings(one).some((now, place) => now && now !== before[place])) found.push(`${short(one)} shows no focus`);
      const { left, right, top, bottom } = hit(one).getBoundingClientRect();
      if (bottom - top > innerHeight / 2) continue;
      const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      const near = there && (hit(one).contains(there) || there.contains(one));
      if (!near) found.push(`${short(one)} is hidden behind ${there ? short(there) : "the edge"} when it has the focus`);
    }
    document.activeElement?.blur();
    return found;
  }

  // --- what a screen reader hears ---

  const nameOf = (one) => {
    const ids = one.getAttribute("aria-labelledby");
    if (ids) return ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent || "").join(" ");
    return one.getAttribute("aria-label") || "";
  };
  const spoken = (one) => {
    const copy = one.cloneNode(true);
    all("[aria-hidden=true], .hidden, svg", copy).forEach((part) => part.remove());
    return words(copy.textContent);
  };

  function names() {
    return all("a[href], button, summary, [role=button]").filter(seen).flatMap((one) => {
      const name = words(nameOf(one)), visible = spoken(one);
      return !name || name.includes(visible) ? [] : [`${short(one)} shows “${visible}”, which its name lacks`];
    });
  }

  function headings() {
    const listed = all("h1, h2, h3, h4, h5, h6").filter((one) => one.checkVisibility());
    const levels = listed.map((one) => +one.localName[1]), found = [];
    const firsts = levels.filter((level) => level === 1).length;
    if (firsts !== 1) found.push(`${firsts} headings of the first level`);
    if (levels[0] !== 1) found.push("the first heading is not of the first level");
    listed.forEach((one, place) => {
      if (place && levels[place] > levels[place - 1] + 1) found.push(`${short(one)} skips a level`);
      if (!words(one.textContent)) found.push(`${short(one)} says nothing`);
    });
    return found;
  }

  function landmarks(lang) {
    const found = [], mains = all("main").filter(seen), navs = all("nav").filter(seen);
    if (mains.length !== 1) found.push(`${mains.length} main parts`);
    if (document.documentElement.lang !== lang) found.push(`the language is “${document.documentElement.lang}”, not “${lang}”`);
    if (!words(document.title)) found.push("the page has no title");
    const named = navs.map((one) => words(nameOf(one)));
    if (navs.length > 1 && new Set(named.filter(Boolean)).size < navs.length) found.push("navigations without names that differ");
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const one = text.parentElement;
      const within = one.closest("main, nav, header, footer, aside, .skip, script, noscript, template, [aria-hidden=true]");
      if (isText(text) && !within && seen(one)) found.push(`“${text.data.trim().slice(0, 40)}” stands in no landmark`);
    }
    return found;
  }

  function pictures() {
    const found = [];
    for (const one of all("svg, img, canvas, [role=img]")) {
      if (one.closest("[aria-hidden=true]") || one.parentElement.closest("[role=img]")) continue;
      const isImage = one.localName === "img" || one.getAttribute("role") === "img";
      const name = words(nameOf(one) || one.getAttribute("alt") || one.querySelector("title")?.textContent || "");
      if (!isImage || (!name && one.getAttribute("alt") !== "")) found.push(`a picture says nothing: ${one.outerHTML.slice(0, 60)}`);
    }
    for (const figure of all("figure").filter((one) => one.querySelector("svg[role=img]"))) {
      const linked = all("a[href^='#']", figure).map((one) => document.getElementById(one.hash.slice(1)));
      const near = [figure, figure.nextElementSibling, figure.parentElement.nextElementSibling, ...linked];
      if (!near.some((one) => one && (one.matches("table") || one.querySelector("table")))) {
        found.push(`the figure “${figure.innerText.trim().slice(0, 40)}” has no table`);
      }
    }
    return found;
  }

  // --- colours ---

  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const mixed = new Map();
  function rgba(colour) {
    if (!mixed.has(colour)) {
      brush.clearRect(0, 0, 1, 1);
      brush.fillStyle = "#000";
      brush.fillStyle = colour;
      brush.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
      mixed.set(colour, [red, green, blue, alpha / 255]);
    }
    return mixed.get(colour);
  }
  const light = (colour) => {
    const [red, green, blue] = colour.map((part) => part / 255).map((part) =>
      (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ratio = (one, other) => {
    const [bright, dim] = [light(one), light(other)].sort((a, b) => b - a);
    return (bright + 0.05) / (dim + 0.05);
  };
  const ground = (one) => {
    for (let here = one; here; here = here.parentElement) {
      const colour = rgba(style(here).backgroundColor);
      if (colour[3] === 1) return colour;
    }
    return [255, 255, 255, 1];
  };
  const isDrawn = (one) => one instanceof SVGElement && one.ownerSVGElement;

  /** Text that cannot be read, words in pictures too; those of samples of colours aside. */
  function contrast() {
    const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walker.nextNode(); text; text = walker.nextNode()) {
      const one = text.parentElement;
      if (!isText(text) || !seen(one) || one.closest(".sample > svg, .halo, title, desc")) continue;
      const drawn = isDrawn(one), colour = rgba(drawn ? style(one).fill : style(one).color);
      const behind = ground(drawn ? one.ownerSVGElement : one), size = parseFloat(style(one).fontSize);
      const needed = size >= 24 || (size >= 18.66 && style(one).fontWeight >= 700) ? 3 : 4.5;
      const there = ratio(colour, behind);
      if (there < needed) found.add(`“${text.data.trim().slice(0, 30)}” has ${there.toFixed(2)}, not ${needed}`);
    }
    return [...found];
  }

  const EDGES = ["Top", "Right", "Bottom", "Left"];
  function colours(one, part) {
    const shown = style(one, part), found = [shown.color, shown.backgroundColor, shown.textDecorationColor];
    if (shown.outlineStyle !== "none") found.push(shown.outlineColor);
    for (const edge of EDGES) if (parseFloat(shown[`border${edge}Width`])) found.push(shown[`border${edge}Color`]);
    if (one instanceof SVGElement) found.push(...[shown.fill, shown.stroke].filter((colour) => colour.startsWith("rgb")));
    return found;
  }

  /** Colours of the night other than red and black, and red brighter than it must be. */
  function night() {
    const found = new Set();
    for (const one of all("html, body, body *").filter(seen)) {
      for (const colour of [null, "::before", "::after"].flatMap((part) => colours(one, part))) {
        const [red, green, blue, alpha] = rgba(colour);
        if (alpha && (green || blue)) found.add(`${short(one)} has the colour ${colour}`);
        if (alpha && ratio([red, 0, 0], [0, 0, 0]) > 4.8) found.add(`${short(one)} is brighter than it must be: ${colour}`);
      }
    }
    return [...found].slice(0, 20);
  }

  // --- space and motion ---

  function sideways() {
    const wide = document.documentElement.scrollWidth, room = document.documentElement.clientWidth;
    if (wide <= room) return [];
    const out = all("body *").filter((one) => seen(one) && one.getBoundingClientRect().right > room + 1);
    return [`the page is ${wide} px wide, not ${room}: ${out.slice(0, 3).map(short).join(", ")}`];
  }

  function motion() {
    const found = document.getAnimations().map((one) => `${one.animationName || "something"} moves`);
    for (const one of all("*")) {
      for (const part of [null, "::before", "::after"]) {
        const { animationName, transitionDuration } = style(one, part);
        if (animationName !== "none") found.push(`${short(one)} has the animation ${animationName}`);
        if (/[1-9]/.test(transitionDuration)) found.push(`${short(one)} changes slowly`);
      }
    }
    if (all("marquee, blink, animate, animateTransform, animateMotion, video[autoplay]").length) found.push("something moves by itself");
    return found;
  }

  function spread() {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }");
    document.adoptedStyleSheets = [sheet];
    const found = sideways();
    document.adoptedStyleSheets = [];
    return found;
  }

  /** Let what stays at the edge of the screen stand where it belongs, or stay again. */
  function still(yes) {
    const sheet = new CSSStyleSheet();
    const staying = all("body *").filter((one) => style(one).position === "sticky");
    staying.forEach((one) => one.classList.add("still"));
    sheet.replaceSync(".still { position: static !important; }");
    document.adoptedStyleSheets = yes ? [sheet] : [];
    return [];
  }

  const open = () => { all("details").forEach((one) => { one.open = true; }); return []; };
  return { open, still, targets, order, focus, names, headings, landmarks, pictures, contrast, night, sideways, motion, spread };
})()
