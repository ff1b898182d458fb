// SPDX-License-Identifier: MIT
/**
 * libvidstore for Node: users, jobs, videos, files and their audit in one directory on disk.
 *
 * Every call of the API description that can be made in the background is a method that is awaited, with its arguments
 * by name: `await session.job.submit({ params: { kind: 'download_only' } })`. Results come through one descriptor that
 * the event loop watches; the calls run on threads of the library's own.
 */
import { pipeline } from 'node:stream/promises'
import { isMainThread } from 'node:worker_threads'
import { api, call, errorOf, must, numberOf, takeText, VidstoreError } from './library.mjs'
import { Poll } from './loop.mjs'
import { Upload } from './upload.mjs'

export { VidstoreError }

/** The calls in the background of one store. */
class Background {
  constructor(store) {
    const place = [null]
    must('vidstore_queue_new', store, 0, place)
    this.queue = place[0]
    this.waiting = new Map()
    this.room = []
    this.watches = new Set()
    this.uploads = new Set()
    this.tag = 0
    this.poll = new Poll(call('vidstore_queue_fd', this.queue), () => this.collect())
  }

  /** Takes every result that waits. It runs in the event loop, so nothing may be thrown here. */
  collect() {
    for (;;) {
      const place = [null]
      if (!this.queue || call('vidstore_queue_next', this.queue, place, [null]) || !place[0]) break
      const tag = Number(call('vidstore_result_tag', place[0]))
      const waits = this.waiting.get(tag)
      this.waiting.delete(tag)
      waits?.settle(place[0])
      call('vidstore_result_free', place[0])
    }
    this.poll.hold(this.waiting.size > 0)
    for (const resume of this.room.splice(0)) resume()
  }

  /** Starts something as soon as the queue has room. Gives what `take` makes of its result. */
  async run(start, take, signal) {
    const tag = ++this.tag
    for (;;) {
      signal?.throwIfAborted()
      if (!this.queue) throw new VidstoreError({ code: 'MISUSE', message: 'the store is closed' })
      try {
        return await this.begin(tag, start, take, signal)
      } catch (error) {
        if (error.code !== 'BUSY' || !error.queueIsFull || !this.waiting.size) throw error
        await new Promise(resolve => this.room.push(resolve))
      }
    }
  }

  begin(tag, start, take, signal) {
    const op = [0]
    try {
      start(this.queue, tag, op)
    } catch (error) {
      error.queueIsFull = true
      throw error
    }
    return new Promise((resolve, reject) => {
      const abort = () => this.queue && call('vidstore_queue_cancel', this.queue, op[0], [null])
      const settle = result => {
        signal?.removeEventListener('abort', abort)
        try {
          const status = call('vidstore_result_status', result)
          if (status) throw errorOf(call('vidstore_result_error', result), status)
          resolve(take(result))
        } catch (error) {
          reject(error)
        }
      }
      this.waiting.set(tag, { settle, reject })
      signal?.addEventListener('abort', abort, { once: true })
      this.poll.hold(true)
    })
  }

  /** What is still waited for ends with CANCELLED, and watches end. */
  close() {
    for (const watch of [...this.watches]) watch.close()
    for (const upload of this.uploads)
      upload.destroy(new VidstoreError({ code: 'CANCELLED', message: 'the store was closed' }))
    this.poll.close()
    call('vidstore_queue_free', this.queue)
    this.queue = null
    const left = [...this.waiting.values()]
    this.waiting.clear()
    for (const { reject } of left) reject(new VidstoreError({ code: 'CANCELLED', message: 'the store was closed' }))
    for (const resume of this.room.splice(0)) resume()
  }
}

function json(result) {
  const place = [null]
  must('vidstore_result_json', result, place)
  return JSON.parse(takeText(place[0]))
}

/** An open store. */
export class Store {
  #handle
  #background

  /**
   * Opens a store, makes or migrates it first where needed.
   * @param {string} location a directory, a URI, or ':memory:'
   * @param {Object<string, string|number|boolean>} options such as { read_only: true }
   */
  static open(location, options = {}) {
    if (!isMainThread) throw new Error('vidstore needs the event loop of the main thread')
    const params = call('vidstore_open_params_new')
    const place = [null]
    try {
      for (const [word, value] of Object.entries(options)) {
        const kind = typeof value === 'string' ? 'text' : 'int64'
        const plain = kind === 'text' ? value : Number(value)
        call(`vidstore_open_params_set_${kind}`, params, numberOf('open', word), plain)
      }
      must('vidstore_open', location, params, place)
    } finally {
      call('vidstore_open_params_free', params)
    }
    return new Store(place[0])
  }

  constructor(handle) {
    this.#handle = handle
    this.#background = new Background(handle)
  }

  /** Ends everything that is still waited for, and closes the store. */
  close() {
    if (!this.#handle) return
    this.#background.close()
    call('vidstore_close', this.#handle)
    this.#handle = null
  }

  #session(how, ...args) {
    const place = [null]
    must(`vidstore_session_${how}`, this.#handle, ...args, place)
    return new Session(place[0], this.#background)
  }

  /** A session of the host's own; `name` is recorded in the audit. */
  system(name) {
    return this.#session('system', name)
  }

  /** A session on behalf of a user whom the host knows. */
  onBehalf(userId) {
    return this.#session('on_behalf', userId, null)
  }

  /** A session by the token of a login, or by an API key. */
  resume(token) {
    return this.#session('resume', token, null)
  }

  key(token) {
    return this.#session('key', token, null)
  }

  /** A session by name and password; the hashing is done in the background. */
  login(name, password, { signal } = {}) {
    return this.#background.run(
      (queue, tag, op) => must('vidstore_session_login_start', queue, tag, name, password, null, op),
      result => new Session(call('vidstore_result_take', result, 'vidstore_session'), this.#background), signal)
  }
}

/** What changes, event by event: an asynchronous iterator. */
class Watch {
  #handle
  #background
  #signal
  #poll
  #events
  #wake = () => {}

  constructor(handle, background, signal) {
    this.#handle = handle
    this.#background = background
    this.#signal = signal
    this.#poll = new Poll(call('vidstore_watch_fd', handle), () => {
      this.#poll.pause()
      this.#wake()
    })
    this.#poll.pause()
    this.#events = this.#follow()
    this.close = this.close.bind(this)
    background.watches.add(this)
    signal?.addEventListener('abort', this.close, { once: true })
    if (signal?.aborted) this.close()
  }

  async *#follow() {
    while (this.#handle) {
      const woken = new Promise(resolve => { this.#wake = resolve })
      this.#poll.go()
      this.#poll.hold(true)
      await woken
      this.#poll.hold(false)
      if (!this.#handle) return
      const text = [null]
      must('vidstore_watch_next', this.#handle, 100, text)
      for (const event of JSON.parse(takeText(text[0])).events) {
        if (!this.#handle) return
        this.position = event.position
        yield event
      }
    }
  }

  [Symbol.asyncIterator]() {
    return this
  }

  /** The next event, as soon as there is one. */
  next() {
    return this.#events.next()
  }

  /** What `for await` calls when it is left early. */
  return(value) {
    this.close()
    return this.#events.return(value)
  }

  /** Ends it now; whoever waits for an event is told that there are no more. */
  close() {
    if (!this.#handle) return
    this.#signal?.removeEventListener('abort', this.close)
    this.#background.watches.delete(this)
    this.#poll.close()
    call('vidstore_watch_free', this.#handle)
    this.#handle = null
    this.#wake()
  }
}

/** Who acts. The calls are below `job`, `video`, `file` and so on. */
export class Session {
  #handle
  #background
  #using = null // the end of what a thread of Node's pool does with the session
  #closing = false

  constructor(handle, background) {
    this.#handle = handle
    this.#background = background
    for (const [noun, calls] of nouns) this[noun] = calls(this)
  }

  /**
   * Makes any call of vidstore-call(7) by its name.
   * @param {string} name such as 'job.get'
   * @param {object} args by name
   * @param {{signal?: AbortSignal}} options an abort cancels it: what has not begun never runs, what reads or waits is
   *   interrupted, and what writes is finished
   */
  call(name, args = {}, options = {}) {
    return this.#using ? this.#free().then(() => this.#start(name, args, options)) : this.#start(name, args, options)
  }

  #start(name, args, { signal }) {
    return this.#background.run((queue, tag, op) => this.#atOnce(
      () => must('vidstore_call_start', this.#handle, queue, tag, name, JSON.stringify(args), op)), json, signal)
  }

  /** A session is used by one thread at a time: while the pool of Node's works with it, others wait. */
  async #free() {
    while (this.#using) await this.#using
  }

  #turn = async work => {
    while (this.#using) await this.#using // and takes it in the same breath
    const working = work(this.#handle)
    this.#using = working.catch(() => {})
    try {
      await working
    } finally {
      this.#using = null
      if (this.#closing) this.close()
    }
  }

  /**
   * A stream that writes a file: `await pipeline(readable, upload); upload.file`.
   * @param {object} params of the file, such as { name: 'episode-1.mkv' }
   * @param {{size?: number}} options how many bytes there have to be; else as many as come
   */
  uploadStream(params = {}, { size = null } = {}) {
    const upload = new Upload(this.#turn, params, size)
    this.#background.uploads.add(upload)
    upload.once('close', () => this.#background.uploads.delete(upload))
    return upload
  }

  /**
   * Writes a file from a Readable, a web stream, or anything that can be iterated, no faster than the disk takes it.
   * Nothing is visible before it is whole; a source that breaks, and a signal, leave nothing.
   */
  async upload(source, params = {}, { size = null, signal } = {}) {
    const upload = this.uploadStream(params, { size })
    await pipeline(source, upload, { signal })
    return upload.file
  }

  /**
   * Follows the change feed: `for await (const event of session.watch({ noun: 'job' }))`. It ends by its `close()`, by
   * the signal and with the store, also while it waits.
   */
  watch(filter = null, { position = null, signal } = {}) {
    const place = [null]
    this.#atOnce(() => must('vidstore_watch_open', this.#handle, filter && JSON.stringify(filter), position, place))
    return new Watch(place[0], this.#background, signal)
  }

  /** Every record of a list, page after page: `for await (const job of session.all('job', { filter: '…' }))`. */
  async *all(noun, query = {}) {
    for (let cursor = query.cursor; cursor !== null;) {
      const page = await this.call(`${noun}.list`, { query: cursor ? { ...query, cursor } : query })
      yield* page.items
      cursor = page.cursor ?? null
    }
  }

  /** What can't be awaited waits here for a thread of the pool to give the session back, which takes no event loop. */
  #atOnce(work) {
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!this.#using || error.code !== 'MISUSE' || error.field !== 'session') throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
      }
    }
  }

  close() {
    this.#closing = true
    if (this.#using) return // whoever uses it closes it
    if (this.#handle) call('vidstore_session_free', this.#handle)
    this.#handle = null
  }
}

/** The calls by noun, as the description has them; what has no noun is a method of the session itself. */
const nouns = new Map()
for (const f of api.functions) {
  if (!f.call || f.call.here_only) continue
  const [noun, verb] = f.call.name.split('.')
  const make = session => (args, options) => session.call(f.call.name, args, options)
  if (!verb) {
    if (!(noun in Session.prototype)) nouns.set(noun, make)
    continue
  }
  const before = nouns.get(noun)
  nouns.set(noun, session => Object.assign(before ? before(session) : {}, { [verb]: make(session) }))
}
