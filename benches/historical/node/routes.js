/** The route table: from the path of a request to what is asked for. */

const ROUTES = new Set(["caption", "templates", "fonts", "stats", "health"]);

/** @param {string} path @returns {{ first: string, name?: string } | undefined} */
export function routeOf(path) {
  // Split before it is unescaped: an escaped slash is part of a name.
  const [first, name, more] = path.split("/").slice(1).map(unescaped);
  const isThere = name === undefined ? ROUTES.has(first) : first === "templates" && name !== "" && more === undefined;
  return isThere ? { first, name } : undefined;
}

/** Without the scheme and the host, which a client may send, too. @param {string} target */
export function originForm(target) {
  return target.startsWith("/") ? target : target.replace(/^\w+:\/\/[^/?]*/, "") || "/";
}

/** Like decodeURIComponent, but what is no escape or not UTF-8 is no error. @param {string} segment */
function unescaped(segment) {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return Buffer.from(segment.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(parseInt(code, 16))), "latin1")
      .toString("utf8");
  }
}
