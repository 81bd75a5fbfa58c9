// What friends see when the page is sent on. It is plain ES5: the engines of old phones run it.
(function () {
  'use strict';
  var share = document.getElementById('share');
  if (!share || !window.wx) {
    return;
  }
  var given = function (name) { return share.getAttribute('data-' + name); };
  var page = location.href.split('#')[0];
  var what = { title: given('title'), desc: given('text'), link: location.protocol + '//' + location.host + given('path'), imgUrl: '' };
  var calls = ['updateAppMessageShareData', 'updateTimelineShareData'];
  what.success = function () { share.setAttribute('data-ready', 'yes'); };
  wx.ready(function () {
    for (var i = 0; i < calls.length; i++) {
      wx[calls[i]](what);
    }
  });
  var ask = new XMLHttpRequest();
  ask.open('GET', '/jssdk/' + encodeURIComponent(given('account')) + '/config?url=' + encodeURIComponent(page));
  ask.onload = function () {
    if (ask.status !== 200) {
      return;
    }
    var signed = JSON.parse(ask.responseText).data;
    signed.jsApiList = calls;
    wx.config(signed);
  };
  ask.send();
})();
