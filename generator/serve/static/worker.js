// One stream of the status for all tabs: a browser keeps six connections to a host, and pages need some of them too.
"use strict";
var ports = [], last = null;

function broadcast(state) {
  last = state;
  ports.forEach(function (port) { port.postMessage(state); });
}

function listen() {
  var source = new EventSource("events");
  source.onmessage = function (event) { broadcast(JSON.parse(event.data)); };
  source.onerror = function () {
    broadcast(null);
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 500); // else the browser asks again by itself
  };
}

onconnect = function (event) {
  ports.push(event.ports[0]);
  if (last) event.ports[0].postMessage(last);
};
listen();
