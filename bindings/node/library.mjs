// SPDX-License-Identifier: MIT
/** The functions of the library, declared by its API description, and its errors. */
import { existsSync, readFileSync } from 'node:fs'
import koffi from 'koffi'

const PLACES = ['/usr/local/share', '/usr/share'].map(folder => `${folder}/vidstore/vidstore-api.json`)

function description() {
  const path = process.env.VIDSTORE_API ?? PLACES.find(existsSync)
  if (!path) throw new Error(`vidstore-api.json is in none of ${PLACES.join(', ')}: say in VIDSTORE_API where it is`)
  return JSON.parse(readFileSync(path, 'utf8'))
}

export const api = description()
const library = koffi.load(process.env.VIDSTORE_LIBRARY ?? 'libvidstore.so.0')
const described = new Map(api.functions.map(f => [f.name, f]))
const enums = new Map(api.enums.map(e => [e.name, e.values]))

/** A type as koffi has it: handles are addresses, `**` and numbers with a `*` are places for a result. */
function typeOf(type) {
  const base = type.replace(/\bconst\b|[* ]/g, '')
  const stars = type.split('*').length - 1
  if (type === 'const char *') return 'const char *'
  if (base === 'vidstore_status') return 'int32_t'
  if (/^(u?int\d+_t|void)$/.test(base) && stars === 0) return base
  if (/^int\d+_t$/.test(base)) return koffi.out(koffi.pointer(base))
  return stars > 1 ? koffi.out(koffi.pointer('void *')) : 'void *'
}

const bound = new Map()

/** The function, when its arguments can go into it: C ends a text at its first NUL, so no text may have one. */
function functionFor(name, args) {
  if (args.some(a => typeof a === 'string' && a.includes('\0'))) throw new TypeError(`${name}: a text holds a NUL`)
  if (!bound.has(name)) {
    const f = described.get(name)
    bound.set(name, library.func(name, typeOf(f.returns.type), f.params.map(p => typeOf(p.type))))
  }
  return bound.get(name)
}

/** Calls a function of the library as it is. */
export function call(name, ...args) {
  return functionFor(name, args)(...args)
}

/** The number of an enumeration's word, such as 'open', 'read_only'. */
export function numberOf(enumeration, word) {
  const value = enums.get(enumeration).find(v => v.word === word)
  if (!value) throw new TypeError(`there is no ${enumeration} "${word}"`)
  return value.value
}

/** A call that failed. */
export class VidstoreError extends Error {
  constructor(fields) {
    super(fields.field ? `${fields.code}: ${fields.message} [${fields.field}]` : `${fields.code}: ${fields.message}`)
    this.name = 'VidstoreError'
    /** Such as NOT_FOUND. */
    this.code = fields.code
    this.field = fields.field ?? null
    this.subcode = fields.subcode
    this.retryable = fields.retryable
    this.retryAfterMs = fields.retryAfterMs
  }
}

export function errorOf(error, status) {
  return new VidstoreError({
    code: call('vidstore_status_name', error ? call('vidstore_error_code', error) : status),
    message: call('vidstore_error_message', error) ?? '',
    field: call('vidstore_error_field', error),
    subcode: call('vidstore_error_subcode', error),
    retryable: call('vidstore_error_retryable', error) !== 0,
    retryAfterMs: Number(call('vidstore_error_retry_after_ms', error))
  })
}

function check(status, error) {
  if (!status) return
  const thrown = errorOf(error, status)
  call('vidstore_error_free', error)
  throw thrown
}

/** Calls a function whose last parameter is the error, and throws it. */
export function must(name, ...args) {
  const error = [null]
  check(call(name, ...args, error), error[0])
}

/** The same on a thread of Node's pool, for what waits for a disk; what is in `args` lives until it is done. */
export async function mustInPool(name, ...args) {
  for (;;) {
    const error = [null]
    const status = await new Promise((resolve, reject) => {
      functionFor(name, args).async(...args, error, (failure, result) => failure ? reject(failure) : resolve(result))
    })
    try {
      return check(status, error[0])
    } catch (refused) {
      if (!isInUse(refused)) throw refused
      await new Promise(resolve => setImmediate(resolve))
    }
  }
}

/** A call that was refused, and has done nothing, because the event loop's own was just using the session. */
function isInUse(error) {
  return error.code === 'MISUSE' && error.field === 'session' && error.message.includes('in use by another thread')
}

/** The text of a handle that is the caller's. */
export function takeText(text) {
  const data = call('vidstore_text_data', text)
  call('vidstore_text_free', text)
  return data
}
