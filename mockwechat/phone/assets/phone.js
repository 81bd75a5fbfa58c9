// The page of a follower's phone. Everything that comes from outside is put in as text.
const base = document.body.dataset.base;
const at = (id) => document.getElementById(id);
const make = (tag, text, cls) => {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (cls) e.className = cls;
  return e;
};
const say = (text) => { at("status").textContent = text; };

async function post(path, body) {
  const r = await fetch(base + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const answer = r.status === 202 ? {} : await r.json();
  if (!r.ok) throw new Error(answer.error);
  return answer;
}
async function act(what) {
  say("");
  try { await post("/do", what); } catch (e) { say("操作失败：" + e.message); }
}

// Pages are opened by http and https alone.
function link(url) {
  try {
    const u = new URL(url);
    return u.protocol === "http:" || u.protocol === "https:" ? u.href : "";
  } catch { return ""; }
}
function opener(title, text, url) {
  const to = link(url);
  const e = make(to ? "button" : "div", undefined, to ? "open" : "");
  if (to) { e.type = "button"; e.addEventListener("click", () => browse(to)); }
  if (title) e.append(make("b", title));
  if (text) e.append(make("span", text));
  return e;
}

const words = { image: "图片", voice: "语音", video: "视频", music: "音乐", location: "位置" };
function line(m) {
  const li = make("li", undefined, m.from);
  if (m.kind === "event" || m.kind === "notice") {
    li.className = "quiet";
    li.textContent = m.text || m.title;
    return li;
  }
  if (m.kind === "text") { li.textContent = m.text; return li; }
  li.classList.add("card");
  if (m.kind === "news") {
    for (const a of m.items || []) li.append(opener(a.title, a.text, a.url));
    return li;
  }
  if (m.kind === "template") { li.append(opener("服务通知 · " + m.title, m.text, m.url)); return li; }
  const name = words[m.kind] || m.kind;
  if (m.media && m.from === "account") {
    const file = base + "/media/" + encodeURIComponent(m.media);
    if (m.kind === "image") {
      const img = make("img");
      img.alt = name; img.src = file;
      li.append(img);
      return li;
    }
    if (m.kind === "voice" || m.kind === "video") {
      const player = make(m.kind === "voice" ? "audio" : "video");
      player.controls = true; player.preload = "none"; player.src = file;
      player.setAttribute("aria-label", name);
      li.append(make("b", m.title || name), player);
      if (m.text) li.append(make("span", m.text));
      return li;
    }
  }
  li.append(opener(name + (m.title ? " · " + m.title : ""), m.text || "", m.url));
  return li;
}

// The chat: one call waits at a time, and after a failure the page rests before the next.
let last = 0;
const kept = 400;
async function follow() {
  for (;;) {
    try {
      const r = await fetch(base + "/messages?wait_s=" + (document.body.dataset.ready ? 20 : 0) + "&after=" + last);
      if (!r.ok) throw new Error(r.status);
      const got = await r.json();
      const box = at("chat");
      for (const m of got.messages) {
        box.append(line(m));
        last = m.number;
      }
      while (box.children.length > kept) box.firstChild.remove();
      if (got.messages.length) { box.scrollTop = box.scrollHeight; await menu(); }
      at("follow").disabled = got.follows;
      at("leave").disabled = !got.follows;
      document.body.dataset.ready = "yes";
    } catch {
      await new Promise((next) => setTimeout(next, 2000));
    }
  }
}

let shown = "";
async function menu() {
  const r = await fetch(base + "/menu");
  if (!r.ok) return;
  const got = await r.json();
  const text = JSON.stringify(got.button);
  if (text === shown) return;
  shown = text;
  const nav = at("menu");
  nav.replaceChildren(...got.button.map(entry));
  nav.hidden = got.button.length === 0;
}
// What a button needs to know of its follower before it does something.
const scan = [{ name: "text", label: "扫码内容", value: "https://example.com/" },
  { name: "scan_type", label: "码的种类", choices: { qrcode: "二维码", barcode: "条形码" } }];
const pictures = [{ name: "count", label: "图片张数（1 至 9）", value: "1", number: true }];
const needs = {
  scancode_push: scan, scancode_waitmsg: scan, pic_photo_or_album: pictures, pic_weixin: pictures,
  location_select: [{ name: "text", label: "位置名称", value: "广州塔" },
    { name: "latitude", label: "纬度", value: "23.1066", number: true }, { name: "longitude", label: "经度", value: "113.3245", number: true }],
};
function inquire(title, fields) {
  at("asker").textContent = title;
  const inputs = fields.map((f) => {
    const input = make(f.choices ? "select" : "input");
    input.id = "field-" + f.name;
    for (const [value, text] of Object.entries(f.choices || {})) {
      const option = make("option", text);
      option.value = value;
      input.append(option);
    }
    if (!f.choices) {
      input.required = true; input.autocomplete = "off"; input.value = f.value;
      if (f.number) { input.type = "number"; input.step = "any"; }
    }
    return input;
  });
  at("fields").replaceChildren(...fields.flatMap((f, i) => {
    const label = make("label", f.label);
    label.htmlFor = inputs[i].id;
    return [label, inputs[i]];
  }));
  const box = at("ask");
  return new Promise((done) => {
    const end = (given) => { box.onclose = null; box.close(); done(given); };
    at("asked").onsubmit = (e) => {
      e.preventDefault();
      end(Object.fromEntries(fields.map((f, i) => [f.name, f.number ? Number(inputs[i].value) : inputs[i].value])));
    };
    at("never").onclick = () => end(null);
    box.onclose = () => end(null);
    box.showModal();
  });
}
function press(b) {
  const e = make("button", b.name);
  e.type = "button";
  e.addEventListener("click", async () => {
    const given = needs[b.type] ? await inquire(b.name, needs[b.type]) : {};
    if (!given) return;
    const done = act({ do: b.type, key: b.key, url: b.url, pagepath: b.pagepath, media_id: b.media_id, article_id: b.article_id, ...given });
    if (b.type === "view") browse(link(b.url));
    await done;
    if (b.type === "miniprogram") say("模拟手机不能打开小程序");
  });
  return e;
}
function entry(b) {
  const cell = make("div");
  if (!b.sub_button.length) { cell.append(press(b)); return cell; }
  const sub = make("div", undefined, "sub");
  sub.hidden = true;
  sub.append(...b.sub_button.map(press));
  const head = make("button", "≡ " + b.name);
  head.type = "button";
  const show = (on) => { sub.hidden = !on; head.setAttribute("aria-expanded", String(on)); };
  show(false);
  head.addEventListener("click", () => show(sub.hidden));
  sub.addEventListener("click", () => { show(false); if (at("browser").hidden && !at("ask").open) head.focus(); });
  cell.addEventListener("keydown", (e) => { if (e.key === "Escape") { show(false); head.focus(); } });
  cell.append(head, sub);
  return cell;
}

// WeChat's browser, and the bridge of the JSSDK in it.
let before = null;
function browse(url) {
  if (!url) return;
  before = document.activeElement;
  at("place-of-page").textContent = new URL(url).host;
  delete at("frame").dataset.loaded;
  at("frame").src = url;
  at("browser").hidden = false;
  at("close").focus();
}
at("frame").addEventListener("load", () => { at("frame").dataset.loaded = "yes"; });
function shut() {
  at("sheet").close();
  at("browser").hidden = true;
  at("frame").removeAttribute("src");
  if (before) before.focus();
}
window.addEventListener("message", async (e) => {
  const q = e.data;
  if (e.source !== at("frame").contentWindow || !q || typeof q.wx !== "number" || typeof q.url !== "string" || typeof q.api !== "string") return;
  let page;
  try { page = new URL(q.url); } catch { return; }
  if (page.origin !== e.origin) return; // a page speaks for itself alone
  const call = { api: q.api, url: q.url, args: q.args || {} };
  let a;
  try {
    a = await post("/bridge", call);
    if (a.bill) a = await post("/pay", { ...call, pays: await asks(a.bill) });
  } catch (err) { a = { errMsg: q.api + ":fail", extra: { err_desc: err.message } }; }
  if (a.extra && a.extra.err_desc) say(a.extra.err_desc);
  if (e.source === at("frame").contentWindow) e.source.postMessage({ wx: q.wx, answer: { ...a.extra, errMsg: a.errMsg } }, e.origin);
  if (q.api === "closeWindow" && a.errMsg.endsWith(":ok")) shut();
});
function asks(bill) {
  at("payee").textContent = bill.payee;
  at("what").textContent = bill.description;
  at("sum").textContent = "¥" + (bill.fen / 100).toFixed(2);
  const sheet = at("sheet");
  return new Promise((done) => {
    const end = (yes) => { sheet.onclose = null; sheet.close(); done(yes); };
    at("pay").onclick = () => end(true);
    at("refuse").onclick = () => end(false);
    sheet.onclose = () => end(false);
    if (!sheet.open) sheet.showModal();
  });
}

at("send").addEventListener("submit", (e) => {
  e.preventDefault();
  act({ do: "text", text: at("text").value });
  at("text").value = "";
});
at("more").addEventListener("click", () => {
  at("tools").hidden = !at("tools").hidden;
  at("more").setAttribute("aria-expanded", String(!at("tools").hidden));
});
at("follow").addEventListener("click", () => act({ do: "subscribe" }));
at("leave").addEventListener("click", () => act({ do: "unsubscribe" }));
at("scan").addEventListener("submit", (e) => { e.preventDefault(); act({ do: "scan", ticket: at("ticket").value }); });
at("place").addEventListener("submit", (e) => {
  e.preventDefault();
  act({ do: "location", text: at("label").value, latitude: Number(at("lat").value), longitude: Number(at("lng").value) });
});
at("close").addEventListener("click", shut);
document.addEventListener("keydown", (e) => { if (e.key === "Escape" && !at("browser").hidden && !at("sheet").open) shut(); });
menu();
follow();
