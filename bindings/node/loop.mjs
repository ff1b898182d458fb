// SPDX-License-Identifier: MIT
/** A descriptor in the event loop of the main thread: Node has no call for that, its libuv has. */
import koffi from 'koffi'

const self = koffi.load(null)
const POLL = 8
const READABLE = 1
const PollCallback = koffi.proto('void VidstorePoll(void *handle, int status, int events)')
const CloseCallback = koffi.proto('void VidstoreClose(void *handle)')
const uv = {
  loop: self.func('void *uv_default_loop()'),
  size: self.func('size_t uv_handle_size(int type)'),
  init: self.func('int uv_poll_init(void *loop, void *handle, int fd)'),
  start: self.func('int uv_poll_start(void *handle, int events, VidstorePoll *callback)'),
  stop: self.func('int uv_poll_stop(void *handle)'),
  ref: self.func('void uv_ref(void *handle)'),
  unref: self.func('void uv_unref(void *handle)'),
  close: self.func('void uv_close(void *handle, VidstoreClose *callback)')
}

/** Calls `readable` while something can be read from a descriptor. Does not keep the process alive unless held. */
export class Poll {
  constructor(fd, readable) {
    this.handle = koffi.alloc('uint8_t', uv.size(POLL))
    if (uv.init(uv.loop(), this.handle, fd)) throw new Error(`descriptor ${fd} can't be watched`)
    this.callback = koffi.register(() => readable(), koffi.pointer(PollCallback))
    this.go()
    this.hold(false)
  }

  /** Looks, again and again while it is readable; `pause` ends that for now. */
  go() {
    if (this.handle) uv.start(this.handle, READABLE, this.callback)
  }

  pause() {
    if (this.handle) uv.stop(this.handle)
  }

  /** Whether the process goes on for it. */
  hold(on) {
    if (this.handle) (on ? uv.ref : uv.unref)(this.handle)
  }

  close() {
    if (!this.handle) return
    const { handle, callback } = this
    this.handle = null
    uv.stop(handle)
    const closed = koffi.register(() => setImmediate(() => {
      koffi.unregister(callback)
      koffi.unregister(closed)
      koffi.free(handle)
    }), koffi.pointer(CloseCallback))
    uv.close(handle, closed)
  }
}
