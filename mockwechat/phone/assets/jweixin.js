// The mock's jweixin 1.6.0: it asks the phone, which is the window around the page.
// The names are the platform's; the code is not.
(() => {
  "use strict";
  let count = 0, configured = false, failure = null;
  const waiting = new Map(), readies = [], errors = [];
  const ask = (api, args, done) => {
    const number = ++count;
    waiting.set(number, done);
    if (window.parent === window) { // not in WeChat
      setTimeout(() => { waiting.delete(number); done({ errMsg: api + ":fail, not in WeChat" }); });
      return;
    }
    window.parent.postMessage({ wx: number, api, url: location.href, args: JSON.parse(JSON.stringify(args)) }, "*");
  };
  window.addEventListener("message", (e) => {
    if (e.source !== window.parent || !e.data || !waiting.has(e.data.wx)) return;
    const done = waiting.get(e.data.wx);
    waiting.delete(e.data.wx);
    done(e.data.answer);
  });
  const call = (api) => (args = {}) => {
    ask(api, args, (answer) => {
      const how = answer.errMsg.slice(answer.errMsg.indexOf(":") + 1);
      if (how === "ok") args.success?.(answer);
      else if (how === "cancel") args.cancel?.(answer);
      else args.fail?.(answer);
      args.complete?.(answer);
    });
  };
  const wx = {
    config(args) {
      ask("config", args, (answer) => {
        configured = true;
        if (args.debug) console.info(answer.errMsg);
        if (answer.errMsg === "config:ok") {
          for (const f of readies.splice(0)) f();
          return;
        }
        failure = answer;
        for (const f of errors) f(answer);
        for (const f of readies.splice(0)) f();
      });
    },
    ready(f) { if (configured) f(); else readies.push(f); },
    error(f) { if (failure) f(failure); else errors.push(f); },
  };
  for (const api of ["chooseWXPay", "updateAppMessageShareData", "updateTimelineShareData", "onMenuShareAppMessage", "onMenuShareTimeline",
    "checkJsApi", "closeWindow", "getNetworkType", "hideOptionMenu", "showOptionMenu", "hideMenuItems", "showMenuItems",
    "hideAllNonBaseMenuItem", "showAllNonBaseMenuItem"]) wx[api] = call(api);
  window.wx = window.jWeixin = wx;
  window.WeixinJSBridge = {
    invoke(api, args, done) {
      ask(api, args, (answer) => done?.({ ...answer, err_msg: api + answer.errMsg.slice(answer.errMsg.indexOf(":")) }));
    },
  };
  document.dispatchEvent(new Event("WeixinJSBridgeReady"));
})();
