// The phone's bridge pays what the merchant signed. That the phone says ok is no proof: the page
// that follows shows what the server knows. It is plain ES5: the engines of old phones run it.
(function () {
  'use strict';
  var button = document.getElementById('pay'), said = document.getElementById('said');
  var pay = function () {
    button.disabled = true;
    WeixinJSBridge.invoke('getBrandWCPayRequest', JSON.parse(button.getAttribute('data-sheet')), function (answer) {
      if (answer.err_msg === 'get_brand_wcpay_request:ok' || answer.err_msg === 'getBrandWCPayRequest:ok') {
        location.replace(button.getAttribute('data-after'));
        return;
      }
      button.disabled = false;
      said.textContent = /:cancel$/.test(answer.err_msg) ? '您已取消支付。' : '支付未成功，请重试。';
    });
  };
  button.addEventListener('click', function () {
    if (window.WeixinJSBridge) {
      pay();
      return;
    }
    said.textContent = '请在微信中打开本页面。';
  });
})();
