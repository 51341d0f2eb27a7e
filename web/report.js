// SPDX-License-Identifier: ISC
// Draws what the lab wrote into the page as JSON. One view at a time (the topology, a scene, the table), chosen in
// the list at the left or by the address: #scene=2&packet=5.
"use strict";
window.onerror = (message) => { document.documentElement.dataset.error = String(message); };

const data = JSON.parse(document.getElementById("data").textContent);
const NS = "http://www.w3.org/2000/svg";

function el(name, attributes, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes || {})) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children);
  return e;
}
function svg(name, attributes, ...children) {
  const e = document.createElementNS(NS, name);
  for (const [k, v] of Object.entries(attributes || {})) if (v !== undefined) e.setAttribute(k, v);
  e.append(...children);
  return e;
}

// Times are microseconds since the lab began.
function clock(us) { return (us / 1e6).toFixed(6); }
function count(n) { return n.toLocaleString("en"); }

// ---- the topology: a tree from the busiest router, half of it to the left, half to the right ----

function neighbours() {
  // A link with two ends is an edge; one with more is a place of its own between its hosts.
  const places = data.hosts.map((h, i) => ({ host: i, near: [] }));
  data.links.forEach((l, i) => {
    const ends = data.interfaces.filter((x) => x.link === i).map((x) => x.host);
    if (ends.length === 2) {
      places[ends[0]].near.push({ to: ends[1], link: i });
      places[ends[1]].near.push({ to: ends[0], link: i });
    } else if (ends.length > 2) {
      const hub = places.length;
      places.push({ link: i, near: ends.map((h) => ({ to: h, link: i })) });
      for (const h of ends) places[h].near.push({ to: hub, link: i });
    }
  });
  return places;
}

function grow(places, at, seen) {
  seen.add(at);
  const node = { at, children: [], leaves: 0 };
  const next = places[at].near.filter((n) => !seen.has(n.to) && seen.add(n.to));
  for (const n of next) {
    const child = grow(places, n.to, seen);
    child.link = n.link;
    node.children.push(child);
    node.leaves += child.leaves;
  }
  node.leaves = Math.max(1, node.leaves);
  return node;
}

const CARD = 150, CARD_HEIGHT = 38, HUB = 80, STEP = 236, ROW = 50;
function reach(p) { return (p.host === undefined ? HUB : CARD) / 2; }

function place(node, depth, top, side, spots) {
  spots.set(node.at, { x: side * depth * STEP, y: (top + node.leaves / 2) * ROW });
  let y = top;
  for (const child of node.children) {
    place(child, depth + 1, y, side, spots);
    y += child.leaves;
  }
}

function layout(places) {
  const degree = (p) => p.near.length + (p.host !== undefined && data.hosts[p.host].forward ? 1000 : 0);
  let root = 0;
  places.forEach((p, i) => { if (degree(p) > degree(places[root])) root = i; });
  const seen = new Set(), tree = grow(places, root, seen), spots = new Map();
  const sides = { "-1": { leaves: 0, children: [] }, "1": { leaves: 0, children: [] } };
  // Whole networks to the side that is emptier; hosts of their own stay together, in the file's order.
  const networks = tree.children.filter((c) => c.leaves > 1).sort((a, b) => b.leaves - a.leaves), single = tree.children.filter((c) => c.leaves === 1);
  for (const group of [...networks.map((c) => [c]), ...(networks.length ? [single] : single.map((c) => [c]))]) {
    const side = sides["-1"].leaves <= sides["1"].leaves ? -1 : 1;
    sides[side].children.push(...group);
    sides[side].leaves += group.reduce((sum, c) => sum + c.leaves, 0);
  }
  const rows = Math.max(sides["-1"].leaves, sides["1"].leaves);
  for (const side of [-1, 1]) {
    let y = (rows - sides[side].leaves) / 2;
    for (const child of sides[side].children) { place(child, 1, y, side, spots); y += child.leaves; }
  }
  spots.set(root, { x: 0, y: rows * ROW / 2 });
  let below = rows; // hosts that nothing joins to the rest
  places.forEach((p, i) => { if (!spots.has(i)) spots.set(i, { x: 0, y: (++below) * ROW }); });
  return spots;
}

function drawTopology() {
  const places = neighbours(), spots = layout(places), all = [...spots.values()];
  const left = Math.min(...all.map((s) => s.x)) - CARD / 2 - 14, right = Math.max(...all.map((s) => s.x)) + CARD / 2 + 14;
  const height = Math.max(...all.map((s) => s.y)) + ROW, width = right - left;
  const s = svg("svg", { viewBox: `${left} -8 ${width} ${height + 8}`, width, height: height + 8, class: "map", role: "img", "aria-label": "Hosts and links" });
  const edges = svg("g"), labels = svg("g"), nodes = svg("g");
  const drawn = new Set();
  places.forEach((p, i) => {
    for (const n of p.near) {
      const key = [Math.min(i, n.to), Math.max(i, n.to), n.link].join();
      if (drawn.has(key)) continue;
      drawn.add(key);
      const a = spots.get(i), b = spots.get(n.to), way = Math.sign(b.x - a.x), link = data.links[n.link];
      const from = a.x + way * reach(p), to = b.x - way * reach(places[n.to]), mid = (from + to) / 2; // side to side
      const line = svg("path", { class: link.bad ? "wire bad" : "wire", d: `M${from} ${a.y}C${mid} ${a.y} ${mid} ${b.y} ${to} ${b.y}` });
      line.append(svg("title", {}, `${link.name}: ${link.says}`));
      edges.append(line);
      if (places[i].host !== undefined && places[n.to].host !== undefined) {
        const far = Math.abs(a.x) > Math.abs(b.x) ? a : b, toward = far === a ? b : a;
        const x = far.x + Math.sign(toward.x - far.x) * (CARD / 2 + 6);
        labels.append(svg("text", { x, y: far.y - 5, class: link.bad ? "label bad" : "label soft", "text-anchor": toward.x > far.x ? "start" : "end" }, link.name));
      }
    }
  });
  places.forEach((p, i) => {
    const { x, y } = spots.get(i);
    if (p.host === undefined) {
      const link = data.links[p.link];
      const g = svg("g", {}, svg("rect", { class: "hub", x: x - HUB / 2, y: y - 13, width: HUB, height: 26, rx: 13 }),
        svg("text", { x, y: y + 4, "text-anchor": "middle" }, link.name), svg("title", {}, `${link.name}: ${link.says}`));
      nodes.append(g);
      return;
    }
    const h = data.hosts[p.host], faces = data.interfaces.filter((f) => f.host === p.host);
    const addresses = faces.flatMap((f) => f.addresses);
    const g = svg("g", {}, svg("rect", { class: h.forward ? "host router" : "host", x: x - CARD / 2, y: y - CARD_HEIGHT / 2, width: CARD, height: CARD_HEIGHT, rx: 8 }),
      svg("text", { x, y: y - 3, "text-anchor": "middle", class: "name" }, h.name),
      svg("text", { x, y: y + 12, "text-anchor": "middle", class: "soft mono" },
        addresses.length > 2 ? `${addresses.length} addresses` : (addresses[0] || "")));
    g.append(svg("title", {}, [h.name, ...faces.map((f) => `${data.links[f.link].name}: ${f.addresses.join(", ")} (${f.mac})`), ...h.programs].join("\n")));
    nodes.append(g);
  });
  s.append(edges, labels, nodes);
  return el("div", { class: "card" }, s);
}

function showTopology() {
  const links = el("table", { class: "table" }, el("thead", {}, el("tr", {}, el("th", {}, "Link"), el("th", {}, "What it is like"))),
    el("tbody", {}, ...data.links.map((l) => el("tr", {}, el("th", {}, l.name), el("td", {}, l.says)))));
  const programs = el("table", { class: "table" }, el("thead", {}, el("tr", {}, el("th", {}, "Host"), el("th", {}, "Addresses"), el("th", {}, "Programs that run on it"))),
    el("tbody", {}, ...data.hosts.map((h, i) => el("tr", {}, el("th", {}, h.name),
      el("td", {}, data.interfaces.filter((f) => f.host === i).flatMap((f) => f.addresses).join(", ")),
      el("td", {}, ...h.programs.flatMap((p) => [el("code", {}, p), el("br")]))))));
  return [el("h2", {}, "The internet of this lab"),
    el("p", { class: "text" }, "Hosts and the links that join them. A link drawn in red loses, doubles, disorders or damages what it carries. Point at a host or a link to see more."),
    drawTopology(), ...(data.verdicts.length ? [el("h3", {}, "Of the whole run"), listVerdicts(data.verdicts)] : []), el("h3", {}, "Links"), el("div", { class: "card" }, links), el("h3", {}, "Hosts"), el("div", { class: "card" }, programs)];
}

// ---- a scene: one row an event, one column a host ----

const LEFT = 88, LINE = 24, HEAD = 44;

function kindOf(packet) {
  if (/^ARP/.test(packet.label)) return "arp";
  if (/ Flags \[/.test(packet.label)) return "tcp";
  return / (UDP|[0-9]+[+*|-]* |mDNS)|^IP6? .*: (UDP|[0-9]+)/.test(packet.label) ? "udp" : "other";
}

function hostsOf(scene) {
  const used = new Set();
  for (const p of scene.packets) {
    used.add(p.from);
    for (const h of p.to) used.add(h);
  }
  for (const w of scene.words) used.add(w.host);
  return data.hosts.map((h, i) => i).filter((i) => used.has(i));
}

function arrow(x1, x2, y, lost) {
  const way = Math.sign(x2 - x1), end = lost ? x1 + (x2 - x1) * 0.62 : x2 - way * 2, slope = lost ? 3 : 5;
  const parts = [svg("path", { class: "shaft", d: `M${x1} ${y - slope}L${end - (lost ? 0 : way * 6)} ${y + slope - (lost ? 0 : 1)}` })];
  if (lost) parts.push(svg("path", { class: "x", d: `M${end - 4} ${y + slope - 4}l8 8m0 -8l-8 8` }));
  else parts.push(svg("path", { class: "head", d: `M${end} ${y + slope}l${-way * 8} -5l${-way * 1} 7z` }));
  return parts;
}

function saysPacket(p) { return p.label.slice(0, 150) + (p.fate ? `  [${p.fate}]` : ""); }
function saysWord(w) { return (data.hosts[w.host] ? data.hosts[w.host].name + (w.start ? "$ " : ": ") : "-- ") + w.text.slice(0, 140); }

function drawScene(scene, number) {
  const hosts = hostsOf(scene), COLUMN = Math.max(...hosts.map((h) => data.hosts[h].name.length * 7.4 + 14), hosts.length > 4 ? 68 : 88);
  const column = new Map(hosts.map((h, i) => [h, LEFT + COLUMN / 2 + i * COLUMN]));
  const events = [...scene.packets.map((p, i) => ({ t: p.t, n: p.n, packet: p, index: i })), ...scene.words.map((w) => ({ t: w.t, n: w.n, word: w }))]
    .sort((a, b) => a.n - b.n);
  const labels = LEFT + hosts.length * COLUMN + 12, longest = Math.max(20, ...events.map((e) => (e.packet ? saysPacket(e.packet) : saysWord(e.word)).length));
  const width = labels + longest * 7.1 + 20;
  const height = HEAD + (events.length + (scene.more ? 1 : 0)) * LINE + 16;
  const s = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "listbox", "aria-label": `Packets of ${scene.name}` });
  for (const h of hosts) {
    const x = column.get(h);
    s.append(svg("line", { class: "life", x1: x, x2: x, y1: HEAD - 8, y2: height - 8 }),
      svg("text", { class: "name", x, y: 24, "text-anchor": "middle" }, data.hosts[h].name));
  }
  let y = HEAD + LINE / 2, last = -1;
  for (const e of events) {
    if (scene.more && e.n > scene.moreAfter && last <= scene.moreAfter && e.packet) {
      s.append(svg("text", { class: "soft", x: LEFT, y: y + 4 }, `... ${count(scene.more)} packets more, not drawn ...`));
      y += LINE;
    }
    if (e.packet) last = e.n;
    s.append(e.packet ? drawPacket(e.packet, e.index, number, column, y, width, labels) : drawWord(e.word, column, y, labels));
    y += LINE;
  }
  return el("div", { class: "card" }, s);
}

function drawPacket(p, index, number, column, y, width, labels) {
  const lost = p.arrives === null, x1 = column.get(p.from);
  const g = svg("g", { class: `row ${kindOf(p)}${lost ? " lost" : ""}`, role: "option", tabindex: index ? "-1" : "0", "aria-selected": "false", "data-packet": index + 1,
    "aria-label": `${clock(p.t)} ${data.hosts[p.from].name}: ${p.label}${p.fate ? ", " + p.fate : ""}` });
  g.append(svg("rect", { class: "back", x: 2, y: y - LINE / 2, width: width - 4, height: LINE, rx: 4 }),
    svg("text", { class: "mono soft", x: 10, y: y + 4 }, clock(p.t)), svg("circle", { cx: x1, cy: y - (lost ? 3 : 5), r: 2.5 }));
  for (const h of p.to) g.append(...arrow(x1, column.get(h), y, lost));
  g.append(svg("text", { class: p.fate ? "mono bad" : "mono", x: labels, y: y + 4 }, saysPacket(p)));
  const choose = () => select(number, index);
  g.addEventListener("click", choose);
  g.addEventListener("focus", choose);
  return g;
}

function drawWord(w, column, y, labels) {
  const x = column.get(w.host);
  const g = svg("g");
  if (x !== undefined) g.append(svg("path", { d: `M${x - 5} ${y}l5 -5l5 5l-5 5z`, fill: "var(--word)" }));
  g.append(svg("text", { class: "mono soft", x: 10, y: y + 4 }, clock(w.t)),
    svg("text", { class: "mono word", x: labels, y: y + 4 }, saysWord(w)));
  return g;
}

function listVerdicts(verdicts) {
  return el("ul", { class: "verdicts" }, ...verdicts.map((v) => el("li", { class: v.holds ? undefined : "no" },
    v.holds ? v.says : `${v.says}: expected ${v.expected}; saw ${v.seen}`)));
}

function showScene(number) {
  const scene = data.scenes[number];
  const verdicts = listVerdicts(scene.verdicts);
  const legend = el("p", { class: "legend" }, ...[["tcp", "TCP"], ["udp", "UDP, DNS"], ["arp", "ARP"], ["other", "ICMP, IGMP and others"]]
    .map(([c, words]) => el("span", { class: c }, el("i"), words)), el("span", {}, "\u2717 lost; click a packet, or walk with \u2191 and \u2193"));
  const parts = [el("h2", {}, `${number + 1}. ${scene.name}`), el("p", { class: "text" }, scene.text), verdicts];
  for (const plot of scene.plots) parts.push(...drawPlot(scene, plot));
  if (scene.packets.length || scene.words.length) parts.push(el("h3", {}, `Packets (seconds since the lab began)`), drawScene(scene, number), legend);
  return parts;
}

// ---- the congestion window over time ----

function niceStep(most, steps) {
  const raw = most / steps, power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw);
}

function drawPlot(scene, plot) {
  const W = Math.max(560, document.getElementById("main").clientWidth - 52), H = 280, L = 66, R = 16, T = 14, B = 40;
  const t0 = plot.samples[0][0], t1 = Math.max(plot.samples[plot.samples.length - 1][0], t0 + 1);
  const most = Math.max(...plot.samples.map((s) => s[1])) * 1.08;
  const x = (t) => L + (t - t0) / Math.max(1, t1 - t0) * (W - L - R), y = (v) => H - B - Math.min(v, most) / most * (H - T - B);
  const s = svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, height: H, role: "img", class: "plot", "aria-label": `Congestion window of ${plot.name}` });
  const stepY = niceStep(most / 1024, 5), stepX = niceStep((t1 - t0) / 1e6, 8);
  for (let v = 0; v * 1024 <= most; v += stepY)
    s.append(svg("line", { class: "grid", x1: L, x2: W - R, y1: y(v * 1024), y2: y(v * 1024) }), svg("text", { class: "soft", x: L - 8, y: y(v * 1024) + 4, "text-anchor": "end" }, `${+v.toFixed(2)} KiB`));
  for (let v = 0; v * 1e6 <= t1 - t0; v += stepX)
    s.append(svg("text", { class: "soft", x: x(t0 + v * 1e6), y: H - B + 18, "text-anchor": "middle" }, `${+v.toFixed(3)} s`));
  for (const t of plot.losses) if (t >= t0 && t <= t1) s.append(svg("line", { class: "loss", x1: x(t), x2: x(t), y1: H - B, y2: H - B + 5 }));
  const steps = (k) => plot.samples.map((p, i) => (i ? `H${x(p[0]).toFixed(1)}V` : `M${x(p[0]).toFixed(1)} `) + y(p[k]).toFixed(1)).join("");
  const capped = plot.samples.filter((p) => p[2] < most * 4);
  s.append(svg("path", { class: "cwnd", d: steps(1) + `H${x(t1)}` }));
  if (capped.length) s.append(svg("path", { class: "ssthresh", d: capped.map((p, i) => (i ? `H${x(p[0]).toFixed(1)}V` : `M${x(p[0]).toFixed(1)} `) + y(p[2]).toFixed(1)).join("") + `H${x(t1)}` }));
  const cross = svg("line", { class: "cross", y1: T, y2: H - B, visibility: "hidden" }), says = svg("text", { x: L + 8, y: T + 10 });
  s.append(cross, says);
  s.addEventListener("pointermove", (ev) => {
    const box = s.getBoundingClientRect(), t = t0 + ((ev.clientX - box.left) / box.width * W - L) / (W - L - R) * (t1 - t0);
    const at = plot.samples.filter((p) => p[0] <= t).pop();
    if (!at) return;
    cross.setAttribute("x1", x(t)); cross.setAttribute("x2", x(t)); cross.setAttribute("visibility", "visible");
    says.textContent = `${((t - t0) / 1e6).toFixed(3)} s: window ${count(at[1])} bytes` + (at[2] < 2 ** 31 ? `, threshold ${count(at[2])}` : "");
  });
  s.addEventListener("pointerleave", () => { cross.setAttribute("visibility", "hidden"); says.textContent = ""; });
  return [el("h3", {}, `Congestion window of ${plot.name}`), el("div", { class: "card" }, s),
    el("p", { class: "legend" }, el("span", { class: "tcp" }, el("i"), "window"), el("span", { style: "--c: var(--word)" }, el("i"), "slow start threshold"),
      el("span", { style: "--c: var(--bad)" }, el("i"), "below the axis: frames lost"))];
}

function showTable() {
  return [el("h2", {}, "TCP against UDP"), el("p", { class: "text" }, "Measured in this run: by what programs sent and received, what the servers' stacks held, and the packets on the wires."),
    el("div", { class: "card" }, el("table", { class: "table" }, el("thead", {}, el("tr", {}, el("th", {}, ""), el("th", {}, "TCP"), el("th", {}, "UDP"))),
      el("tbody", {}, ...data.table.map((r) => el("tr", {}, el("th", {}, r.name), el("td", {}, r.tcp), el("td", {}, r.udp))))))];
}

// ---- the packet that is selected: its fields, its bytes ----

function bytesOf(base64) { return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)); }

function drawHex(bytes, light) {
  const row = document.body.clientWidth > 560 && document.body.clientWidth <= 1180 ? 16 : 8; // the panel is wide where it lies below
  const pre = el("div", { class: "hex", role: "img", "aria-label": `${bytes.length} bytes` });
  for (let at = 0; at < bytes.length; at += row) {
    pre.append(el("span", { class: "off" }, at.toString(16).padStart(4, "0") + "  "));
    for (let i = at; i < at + row; i++) {
      if (i < bytes.length) pre.append(el("b", { "data-byte": i }, bytes[i].toString(16).padStart(2, "0")));
      else pre.append("  ");
      pre.append(i % 8 === 7 ? "  " : " ");
    }
    for (let i = at; i < Math.min(at + row, bytes.length); i++)
      pre.append(el("b", { "data-byte": i }, bytes[i] > 31 && bytes[i] < 127 ? String.fromCharCode(bytes[i]) : "."));
    pre.append("\n");
  }
  pre.addEventListener("click", (ev) => { if (ev.target.dataset.byte !== undefined) light(+ev.target.dataset.byte); });
  return pre;
}

function drawFields(packet, hex) {
  const list = el("ul", { class: "fields" }), why = el("p", { class: "why" });
  const buttons = packet.fields.map(([word, depth, offset, length, value]) => {
    const [name, reason] = data.words[word];
    const b = el("button", { "aria-pressed": "false", style: `padding-left:${6 + depth * 14}px` }, depth ? name + ": " : name + " ", el("span", { class: "value" }, value));
    b.addEventListener("click", () => lightField(b, reason, offset, length));
    list.append(el("li", { class: depth ? undefined : "layer" }, b));
    return { b, offset, length, depth, reason };
  });
  function lightField(b, reason, offset, length) {
    for (const x of list.querySelectorAll("[aria-pressed=true]")) x.setAttribute("aria-pressed", "false");
    b.setAttribute("aria-pressed", "true");
    why.textContent = reason || "";
    b.parentNode.append(why);
    for (const x of hex.view.querySelectorAll("b")) x.classList.toggle("lit", +x.dataset.byte >= offset && +x.dataset.byte < offset + length);
  }
  hex.light = (byte) => {
    const hit = buttons.filter((f) => byte >= f.offset && byte < f.offset + f.length).sort((p, q) => p.length - q.length || q.depth - p.depth)[0];
    if (!hit) return;
    lightField(hit.b, hit.reason, hit.offset, hit.length);
    hit.b.scrollIntoView({ block: "nearest" });
  };
  return list;
}

// What TLS carried in a packet, opened with the lab's keys: fields over bytes of their own.
function drawOpened(opened) {
  const who = opened.server ? "the server" : "the client", hex = {};
  if (opened.closed) return [el("p", { class: "story" }, `Encrypted by ${who}: ${opened.closed}.`)];
  hex.view = drawHex(bytesOf(opened.bytes), (byte) => hex.light(byte));
  return [el("div", { class: "opened" }, el("h3", {}, `Inside, said by ${who}`), drawFields(opened, hex), hex.view)];
}

function showPacket(scene, index) {
  const p = data.scenes[scene].packets[index], aside = document.getElementById("packet");
  const hex = {};
  hex.view = drawHex(bytesOf(p.bytes), (byte) => hex.light(byte));
  const parts = [el("h2", {}, `Packet ${index + 1}`), el("p", { class: "line" }, `${clock(p.t)} ${p.label}`),
    el("p", { class: "soft" }, `${p.size} bytes on ${data.links[p.link].name}, from ${data.hosts[p.from].name}` +
      (p.arrives === null ? "" : `, there after ${((p.arrives - p.t) / 1e3).toFixed(3)} ms`))];
  if (p.story) parts.push(el("p", { class: "story" }, p.story));
  if (p.fate) parts.push(el("p", { class: "story bad" }, p.fate));
  parts.push(drawFields(p, hex), ...p.tls.flatMap(drawOpened), hex.view);
  document.getElementById("body").classList.add("open");
  aside.replaceChildren(...parts);
  aside.scrollTop = 0;
  aside.dataset.packet = index + 1;
}

// ---- what is shown ----

let shown = {};

function select(scene, index) {
  for (const row of document.querySelectorAll(".row[tabindex='0']")) { // one of them is reached by Tab, the others by arrows
    row.setAttribute("aria-selected", "false");
    row.setAttribute("tabindex", "-1");
  }
  const row = document.querySelector(`.row[data-packet="${index + 1}"]`);
  if (!row) return;
  row.setAttribute("aria-selected", "true");
  row.setAttribute("tabindex", "0");
  if (shown.packet === index && shown.scene === scene && shown.drawn) return;
  shown = { view: scene, scene, packet: index, drawn: true };
  showPacket(scene, index);
  history.replaceState(null, "", `#scene=${scene + 1}&packet=${index + 1}`);
}

function walk(ev) {
  const row = document.activeElement.closest && document.activeElement.closest(".row");
  if (!row || (ev.key !== "ArrowDown" && ev.key !== "ArrowUp")) return;
  const rows = [...document.querySelectorAll(".row")], next = rows[rows.indexOf(row) + (ev.key === "ArrowDown" ? 1 : -1)];
  if (next) next.focus();
  ev.preventDefault();
}

function show(view) {
  const main = document.getElementById("main");
  document.getElementById("packet").replaceChildren();
  document.getElementById("body").classList.remove("open");
  shown = { view };
  main.replaceChildren(...(view === "table" ? showTable() : view === "map" ? showTopology() : showScene(view)));
  for (const a of document.querySelectorAll("nav a"))
    if (a.dataset.view === String(view)) a.setAttribute("aria-current", "page");
    else a.removeAttribute("aria-current");
  window.scrollTo(0, 0);
}

function follow() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const scene = Math.min(Math.max(Number(wanted.get("scene") || (wanted.get("packet") ? 1 : 0)), 0), data.scenes.length);
  const view = scene > 0 ? scene - 1 : location.hash === "#table" && data.table.length ? "table" : "map";
  if (shown.view !== view) show(view);
  if (wanted.get("packet") && scene > 0) select(scene - 1, Number(wanted.get("packet")) - 1);
  const field = wanted.get("field");
  if (field) [...document.querySelectorAll(".fields button")].find((b) => b.textContent.startsWith(field))?.click();
}

function start() {
  document.title = data.lab;
  document.getElementById("title").textContent = data.lab;
  const verdicts = [...data.scenes.flatMap((s) => s.verdicts), ...data.verdicts], held = verdicts.filter((v) => v.holds).length, all = verdicts.length;
  document.getElementById("facts").textContent = `${data.hosts.length} hosts, ${data.links.length} links, ${count(data.packets)} packets in ` +
    `${(data.ended / 1e6).toFixed(1)} s on the virtual clock; seed ${data.seed}; ${held} of ${all} expectations hold`;
  const items = [["map", "#map", "The internet", true], ...data.scenes.map((s, i) => [i, `#scene=${i + 1}`, s.name, s.verdicts.every((v) => v.holds)])];
  if (data.table.length) items.push(["table", "#table", "TCP against UDP", true]);
  document.getElementById("scenes").append(...items.map(([view, href, name, good]) => el("li", {}, el("a", { href, "data-view": view },
    el("span", { class: good ? "tick" : "tick no", "aria-label": good ? "holds" : "fails" }, typeof view === "number" ? (good ? "\u2713" : "\u2717") : ""), name))));
  document.addEventListener("keydown", walk);
  window.addEventListener("hashchange", follow);
  follow();
  document.documentElement.dataset.ready = "yes";
}

start();
