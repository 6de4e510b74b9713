// Bolt makes a client for its listeners to use. Those of the function call Slack by src/bot/form-opener.ts instead, so
// this one only has to be there, and to say so to whoever tries it.
class WebClient {
  constructor(token) {
    this.token = token;
    // biome-ignore lint/correctness/noConstructorReturn: any method, however deep, has to answer the same.
    return new Proxy(this, { get: (target, name) => Reflect.get(target, name) ?? absent(String(name)) });
  }
}

const absent = (name) =>
  new Proxy(() => Promise.reject(new Error(`Slack's client is not part of the function: ${name}.`)), {
    get: (target, inner) =>
      typeof inner === 'symbol' ? Reflect.get(target, inner) : absent(`${name}.${inner}`),
  });

exports.WebClient = WebClient;
exports.WebAPIPlatformError = class WebAPIPlatformError extends Error {};
exports.WebAPIRateLimitedError = class WebAPIRateLimitedError extends Error {};
exports.WebAPIHTTPError = class WebAPIHTTPError extends Error {};
exports.addAppMetadata = () => {};
