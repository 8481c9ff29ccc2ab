// Modules of CloudFront functions, each loaded when it is first wanted: `// module NAME` begins one.
// module text
(load) => {
  const encode = (text) => {
    const out = [];
    for (const letter of String(text)) {
      let code = letter.codePointAt(0);
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) out.push(code);
      else if (code < 0x800) out.push(0xc0 | (code >> 6), 0x80 | (code & 63));
      else if (code < 0x10000) out.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
      else out.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
    return out;
  };
  const decode = (bytes) => {
    let out = '';
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at++];
      const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1
        : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xf0 && first < 0xf5 ? 3 : -1;
      let code = more === 0 ? first : first & (0x3f >> more);
      let good = more >= 0;
      for (let left = more; good && left > 0; left--) {
        if (at < bytes.length && (bytes[at] & 0xc0) === 0x80) code = (code << 6) | (bytes[at++] & 63);
        else good = false;
      }
      if (good && (more === 2 && code < 0x800 || more === 3 && (code < 0x10000 || code > 0x10ffff)
          || code >= 0xd800 && code <= 0xdfff)) good = false;
      out += String.fromCodePoint(good ? code : 0xfffd);
    }
    return out;
  };
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const toBase64 = (bytes, url) => {
    let out = '';
    for (let at = 0; at < bytes.length; at += 3) {
      const left = bytes.length - at;
      const word = (bytes[at] << 16) | ((left > 1 ? bytes[at + 1] : 0) << 8) | (left > 2 ? bytes[at + 2] : 0);
      out += letters[word >> 18] + letters[(word >> 12) & 63]
        + (left > 1 ? letters[(word >> 6) & 63] : '=') + (left > 2 ? letters[word & 63] : '=');
    }
    return url ? out.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '') : out;
  };
  const fromBase64 = (text) => {
    const out = [];
    let word = 0, bits = 0;
    for (const letter of text.replace(/-/g, '+').replace(/_/g, '/')) {
      const value = letters.indexOf(letter);
      if (value < 0) continue;
      word = ((word << 6) | value) & 0xffffff;
      bits += 6;
      if (bits >= 8) { bits -= 8; out.push((word >> bits) & 255); }
    }
    return out;
  };
  class TextEncoder {
    get encoding() { return 'utf-8'; }
    encode(text) { return Uint8Array.from(encode(text === undefined ? '' : text)); }
  }
  class TextDecoder {
    get encoding() { return 'utf-8'; }
    decode(bytes) {
      if (bytes === undefined) return '';
      return decode(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes.buffer || bytes));
    }
  }
  return {
    encode, decode, toBase64, fromBase64, TextEncoder, TextDecoder,
    atob: (text) => String.fromCharCode(...fromBase64(String(text))),
    btoa: (text) => toBase64(Array.from(String(text), (letter) => {
      if (letter.charCodeAt(0) > 255) throw new TypeError('invalid character (>= U+00FF)');
      return letter.charCodeAt(0);
    })),
  };
}
// module buffer
(load) => {
  const text = load('text');
  const bytesOf = (value, encoding) => {
    switch ((encoding || 'utf8').toLowerCase()) {
      case 'utf8': case 'utf-8': return text.encode(value);
      case 'hex': return (value.match(/^(?:[0-9a-fA-F]{2})*/) || [''])[0].match(/../g)?.map((pair) => parseInt(pair, 16)) || [];
      case 'base64': case 'base64url': return text.fromBase64(value);
      case 'latin1': case 'binary': case 'ascii': return Array.from(value, (letter) => letter.charCodeAt(0) & 255);
      default: throw new TypeError('"' + encoding + '" encoding is not supported');
    }
  };
  class Buffer extends Uint8Array {
    static from(value, encoding, length) {
      if (typeof value === 'string') return super.from(bytesOf(value, encoding));
      if (value instanceof ArrayBuffer) return new Buffer(value, encoding, length);
      if (value && value.type === 'Buffer' && Array.isArray(value.data)) return super.from(value.data);
      return super.from(value);
    }
    static alloc(size, fill, encoding) {
      const made = new Buffer(size);
      return fill === undefined ? made : made.fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(value) { return value instanceof Buffer; }
    static isEncoding(name) {
      return ['utf8', 'utf-8', 'hex', 'base64', 'base64url'].includes(String(name).toLowerCase());
    }
    static byteLength(value, encoding) {
      return typeof value === 'string' ? bytesOf(value, encoding).length : value.byteLength;
    }
    static compare(one, other) {
      const shared = Math.min(one.length, other.length);
      for (let at = 0; at < shared; at++) if (one[at] !== other[at]) return one[at] < other[at] ? -1 : 1;
      return Math.sign(one.length - other.length);
    }
    static concat(list, total) {
      const size = total === undefined ? list.reduce((sum, item) => sum + item.length, 0) : total;
      const made = new Buffer(size);
      let at = 0;
      for (const item of list) {
        made.set(item.subarray(0, Math.max(0, size - at)), at);
        at += item.length;
        if (at >= size) break;
      }
      return made;
    }
    toString(encoding, start, end) {
      const part = this.subarray(start || 0, end === undefined ? this.length : end);
      switch ((encoding || 'utf8').toLowerCase()) {
        case 'utf8': case 'utf-8': return text.decode(part);
        case 'hex': return Array.from(part, (byte) => byte.toString(16).padStart(2, '0')).join('');
        case 'base64': return text.toBase64(part, false);
        case 'base64url': return text.toBase64(part, true);
        case 'latin1': case 'binary': case 'ascii': return String.fromCharCode(...part);
        default: throw new TypeError('"' + encoding + '" encoding is not supported');
      }
    }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    equals(other) { return Buffer.compare(this, other) === 0; }
    compare(other) { return Buffer.compare(this, other); }
    slice(start, end) { return this.subarray(start, end); }
    write(value, offset, length, encoding) {
      const bytes = bytesOf(value, typeof length === 'string' ? length : encoding);
      const at = offset || 0;
      const count = Math.min(bytes.length, this.length - at, typeof length === 'number' ? length : Infinity);
      for (let index = 0; index < count; index++) this[at + index] = bytes[index];
      return count;
    }
    fill(value, start, end, encoding) {
      if (typeof value !== 'string') return super.fill(value, start, end);
      const bytes = bytesOf(value, encoding);
      const last = end === undefined ? this.length : end;
      for (let at = start || 0; at < last; at++) this[at] = bytes.length ? bytes[(at - (start || 0)) % bytes.length] : 0;
      return this;
    }
    indexOf(value, from, encoding) {
      if (typeof value === 'number') return super.indexOf(value, from);
      const bytes = typeof value === 'string' ? bytesOf(value, encoding) : value;
      for (let at = from || 0; at + bytes.length <= this.length; at++) {
        let same = 0;
        while (same < bytes.length && this[at + same] === bytes[same]) same++;
        if (same === bytes.length) return at;
      }
      return -1;
    }
    includes(value, from, encoding) { return this.indexOf(value, from, encoding) >= 0; }
    copy(target, to, start, end) {
      const part = this.subarray(start || 0, end === undefined ? this.length : end).subarray(0, target.length - (to || 0));
      target.set(part, to || 0);
      return part.length;
    }
  }
  const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  for (const [name, size] of [['Int8', 1], ['Uint8', 1], ['Int16', 2], ['Uint16', 2], ['Int32', 4], ['Uint32', 4], ['Float32', 4], ['Float64', 8]]) {
    const plain = name === 'Float32' ? 'Float' : name === 'Float64' ? 'Double' : name.replace('Uint', 'UInt');
    for (const [end, little] of size === 1 ? [['', true]] : [['LE', true], ['BE', false]]) {
      Buffer.prototype['read' + plain + end] = function (at) { return view(this)['get' + name](at || 0, little); };
      Buffer.prototype['write' + plain + end] = function (value, at) {
        view(this)['set' + name](at || 0, value, little);
        return (at || 0) + size;
      };
    }
  }
  return Buffer;
}
// module crypto
(load) => {
  const Buffer = load('buffer');
  const turn = (word, by) => (word << by) | (word >>> (32 - by));
  const padded = (bytes, big) => {
    const size = ((bytes.length + 72) >> 6) << 6;
    const out = new Uint8Array(size);
    out.set(bytes);
    out[bytes.length] = 0x80;
    const view = new DataView(out.buffer);
    view.setUint32(size - (big ? 4 : 8), bytes.length << 3, !big);
    view.setUint32(size - (big ? 8 : 4), bytes.length >>> 29, !big);
    return view;
  };
  const digestOf = (words, big) => {
    const out = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, at) => out.setUint32(at * 4, word, !big));
    return new Uint8Array(out.buffer);
  };
  const md5 = (bytes) => {
    const shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
    const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
    const view = padded(bytes, false);
    for (let block = 0; block < view.byteLength; block += 64) {
      let [a, b, c, d] = state;
      for (let step = 0; step < 64; step++) {
        const round = step >> 4;
        const mixed = round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c) : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
        const index = round === 0 ? step : round === 1 ? (5 * step + 1) & 15 : round === 2 ? (3 * step + 5) & 15 : (7 * step) & 15;
        const sum = (a + mixed + (Math.floor(Math.abs(Math.sin(step + 1)) * 4294967296) | 0) + view.getInt32(block + index * 4, true)) | 0;
        [a, d, c, b] = [d, c, b, (b + turn(sum, shifts[round * 4 + (step & 3)])) | 0];
      }
      [a, b, c, d].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
    }
    return digestOf(state, false);
  };
  const sha1 = (bytes) => {
    const state = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
    const view = padded(bytes, true), words = new Int32Array(80);
    for (let block = 0; block < view.byteLength; block += 64) {
      let [a, b, c, d, e] = state;
      for (let step = 0; step < 80; step++) {
        words[step] = step < 16 ? view.getInt32(block + step * 4)
          : turn(words[step - 3] ^ words[step - 8] ^ words[step - 14] ^ words[step - 16], 1);
        const [mixed, constant] = step < 20 ? [(b & c) | (~b & d), 0x5a827999] : step < 40 ? [b ^ c ^ d, 0x6ed9eba1]
          : step < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
        [a, b, c, d, e] = [(turn(a, 5) + mixed + e + constant + words[step]) | 0, a, turn(b, 30), c, d];
      }
      [a, b, c, d, e].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
    }
    return digestOf(state, true);
  };
  const primes = [];
  for (let number = 2; primes.length < 64; number++) if (primes.every((prime) => number % prime)) primes.push(number);
  const fraction = (value) => ((value - Math.floor(value)) * 4294967296) | 0;
  const sha256 = (bytes) => {
    const constants = primes.map((prime) => fraction(Math.cbrt(prime)));
    const state = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
    const view = padded(bytes, true), words = new Int32Array(64);
    for (let block = 0; block < view.byteLength; block += 64) {
      let [a, b, c, d, e, f, g, h] = state;
      for (let step = 0; step < 64; step++) {
        const near = words[step - 15], far = words[step - 2];
        words[step] = step < 16 ? view.getInt32(block + step * 4)
          : words[step - 16] + (turn(near, 25) ^ turn(near, 14) ^ (near >>> 3))
            + words[step - 7] + (turn(far, 15) ^ turn(far, 13) ^ (far >>> 10));
        const first = (h + (turn(e, 26) ^ turn(e, 21) ^ turn(e, 7)) + ((e & f) ^ (~e & g)) + constants[step] + words[step]) | 0;
        const second = ((turn(a, 30) ^ turn(a, 19) ^ turn(a, 10)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [a, b, c, d, e, f, g, h] = [(first + second) | 0, a, b, c, (d + first) | 0, e, f, g];
      }
      [a, b, c, d, e, f, g, h].forEach((word, at) => { state[at] = (state[at] + word) | 0; });
    }
    return digestOf(state, true);
  };
  const algorithms = { md5, sha1, sha256 };
  const bytesOf = (data, encoding) => typeof data === 'string' ? Buffer.from(data, encoding) : data;
  const chosen = (name) => {
    if (!Object.prototype.hasOwnProperty.call(algorithms, name)) throw new TypeError('not supported algorithm: "' + name + '"');
    return algorithms[name];
  };
  class Hash {
    constructor(finish) { this._finish = finish; this._parts = []; this._ended = false; }
    update(data, encoding) {
      if (this._ended) throw new Error('Digest already called');
      this._parts.push(bytesOf(data, encoding));
      return this;
    }
    digest(encoding) {
      if (this._ended) throw new Error('Digest already called');
      this._ended = true;
      const found = Buffer.from(this._finish(Buffer.concat(this._parts)));
      return encoding === undefined ? found : found.toString(encoding);
    }
  }
  return {
    createHash: (name) => new Hash(chosen(name)),
    createHmac: (name, key) => {
      const hash = chosen(name);
      let secret = bytesOf(key);
      if (secret.length > 64) secret = hash(secret);
      const pad = (byte) => Buffer.from(Array.from({ length: 64 }, (_, at) => (secret[at] || 0) ^ byte));
      return new Hash((data) => hash(Buffer.concat([pad(0x5c), hash(Buffer.concat([pad(0x36), data]))])));
    },
  };
}
// module querystring
(load) => {
  const escape = (value) => encodeURIComponent(value);
  const unescape = (value) => { try { return decodeURIComponent(value); } catch (error) { return value; } };
  const parse = (text, separator, equals, options) => {
    const decode = (options && options.decodeURIComponent) || unescape;
    const most = options && options.maxKeys !== undefined ? options.maxKeys : 1000;
    const found = {};
    let parts = String(text).split(separator || '&').filter((part) => part !== '');
    if (most > 0) parts = parts.slice(0, most);
    for (const part of parts) {
      const at = part.indexOf(equals || '=');
      const name = decode((at < 0 ? part : part.slice(0, at)).replace(/\+/g, ' '));
      const value = at < 0 ? '' : decode(part.slice(at + (equals || '=').length).replace(/\+/g, ' '));
      if (!Object.prototype.hasOwnProperty.call(found, name)) found[name] = value;
      else found[name] = [].concat(found[name], value);
    }
    return found;
  };
  const stringify = (values, separator, equals, options) => {
    const encode = (options && options.encodeURIComponent) || escape;
    return Object.keys(values || {}).map((name) => [].concat(values[name]).map((value) =>
      encode(name) + (equals || '=') + (['string', 'number', 'boolean', 'bigint'].includes(typeof value) ? encode(String(value)) : '')
    ).join(separator || '&')).join(separator || '&');
  };
  return { escape, unescape, parse, stringify, decode: parse, encode: stringify };
}
// module cloudfront
(load, stores) => {
  const selected = [];
  const missing = (key) => { throw new Error('KeyNotFound: ' + key); };
  const read = async (key, options) => {
    const value = await stores.look(key);
    if (value === null) missing(key);
    const format = (options || {}).format || 'string';
    if (format === 'json') return JSON.parse(value);
    return format === 'bytes' ? load('buffer').from(value) : value;
  };
  const handle = {
    get: read,
    exists: async (key) => (await stores.look(key)) !== null,
    count: async () => stores.store.keyCount,
    meta: async () => ({
      creationDateTime: stores.store.creationDateTime,
      lastUpdatedDateTime: stores.store.lastUpdatedDateTime,
      keyCount: stores.store.keyCount,
    }),
  };
  const module = {
    kvs: (id) => {
      if (stores.store === undefined || (id !== undefined && id !== stores.store.id)) {
        throw new Error('KeyValueStore is not associated with the function');
      }
      return handle;
    },
    updateRequestOrigin: (origin) => { selected.push({ update: origin }); },
    selectRequestOriginById: (id, options) => { selected.push({ id, options }); },
    createRequestOriginGroup: (group) => { selected.push({ group }); },
  };
  Object.defineProperty(module, '__selected', { value: selected });
  return module;
}
