import * as z from 'zod';

export const id = z.string().regex(/^[a-z][a-z0-9-]{0,29}$/, 'lower case letters, digits and dashes, 30 at most');

/** RFC 6901, not the whole document. */
export const pointer = z.string().regex(/^(\/([^~/]|~[01])*)+$/, 'a JSON Pointer such as /api_key');

/** Of an HTTP request, to be put after a base URL. `//host` would be another host. */
export const path = z
  .string()
  .regex(/^\/(?!\/)[^?#\\\s]*$/, 'a path that begins with one slash, without query, space or backslash');

/** Not the secret itself, which people paste here. */
export const secretName = z
  .string()
  .regex(
    /^(?!xox)(?!.*:\/\/)(?!T\w+\/B\w+\/\w{16})[\w/+=.@:-]{1,2048}$/,
    'the name or ARN of a secret, not what it holds',
  );

export const hostname = z.string().regex(/^([a-z0-9.-]+|\[[0-9a-f:]+\])$/, 'a host name without scheme, port and path');

/** Of an HTTP header or a query parameter. */
export const parameterName = z.string().regex(/^[\w-]+$/, 'letters, digits, dashes and underscores');

export const mailSender = z
  .string()
  .regex(/^([^<>@\r\n]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/, 'a mail address');
