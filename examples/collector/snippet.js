// What a page pastes before everything else. Until the script has arrived, each call is kept
// in an array as [method, ...arguments]; the script takes the array over and replays it in order.
// In a file of its own because this page's Content-Security-Policy allows no inline script.
(function () {
  const analytics = (window.cioanalytics = window.cioanalytics || []);
  if (!Array.isArray(analytics) || analytics.load) return;

  const methods =
    'trackSubmit trackClick trackLink trackForm pageview identify reset group track ready alias debug page screen ' +
    'once off on addSourceMiddleware addIntegrationMiddleware setAnonymousId addDestinationMiddleware';
  for (const method of methods.split(' ')) {
    analytics[method] = (...args) => {
      analytics.push([method, ...args]);
      return analytics;
    };
  }

  analytics.load = (writeKey, options) => {
    analytics._writeKey = writeKey;
    analytics._loadOptions = options;
    const script = document.createElement('script');
    script.async = true;
    script.setAttribute('data-global-customerio-analytics-key', 'cioanalytics');
    script.src = new URL('../hitherto.remote.min.js', document.baseURI).href;
    document.head.append(script);
  };
})();
