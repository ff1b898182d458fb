// SPDX-License-Identifier: MIT
/** A file that is written as a stream: each chunk is on its way to the disk before the next one is asked for. */
import { Writable } from 'node:stream'
import { call, must, mustInPool, takeText } from './library.mjs'

/** Nothing is visible before the stream has ended well; what is destroyed before leaves nothing. */
export class Upload extends Writable {
  #turn
  #params
  #size
  #upload = null
  #written = 0

  /**
   * @param {(work: (session: object) => Promise) => Promise} turn runs work while nothing else uses the session
   * @param {object} params of the file, such as { name: 'episode-1.mkv' }
   * @param {?number} size how many bytes there have to be; null: as many as come
   */
  constructor(turn, params, size) {
    super({ highWaterMark: 1 << 18 })
    this.#turn = turn
    this.#params = params
    this.#size = size
    /** The file, when all is done. */
    this.file = null
  }

  #work(work, done) {
    this.#turn(work).then(() => done(), done)
  }

  _construct(done) {
    this.#work(async session => {
      const params = call('vidstore_file_params_new')
      const place = [null]
      try {
        call('vidstore_file_params_set_json', params, JSON.stringify(this.#params))
        await mustInPool('vidstore_upload_open', session, params, place)
      } finally {
        call('vidstore_file_params_free', params)
      }
      this.#upload = place[0]
    }, done)
  }

  _write(chunk, encoding, done) {
    this.#written += chunk.length
    this.#work(() => mustInPool('vidstore_upload_write', this.#upload, chunk, chunk.length), done)
  }

  _final(done) {
    this.#work(async session => {
      const place = [null]
      await mustInPool('vidstore_upload_seal', this.#upload, this.#size ?? this.#written)
      await mustInPool('vidstore_upload_publish', session, this.#upload, place)
      const text = [null]
      try {
        must('vidstore_file_json', place[0], text)
      } finally {
        call('vidstore_file_free', place[0])
      }
      this.file = JSON.parse(takeText(text[0]))
    }, done)
  }

  _destroy(error, done) {
    this.#work(async () => {
      const upload = this.#upload
      this.#upload = null
      if (!upload) return
      try {
        if (!this.file) await mustInPool('vidstore_upload_abort', upload)
      } finally {
        call('vidstore_upload_free', upload)
      }
    }, failure => done(error ?? failure))
  }
}
