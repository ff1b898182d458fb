// SPDX-License-Identifier: MIT

package vidstore

/*
#include <stdlib.h>
#include <vidstore/vidstore.h>
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"sync"
	"unsafe"
)

const waitMax = 86400000 // milliseconds, the most that the library takes at once

// Watch follows the change feed. One goroutine at a time gets what Next gives; Close may come from any.
type Watch struct {
	using  sync.Mutex // held while the library works on the handle
	ending sync.Mutex // held to interrupt that, and guards closed
	handle *C.vidstore_watch
	closed bool
}

// Watch begins to follow what changes: everything, or what a filter such as {"noun": "job"} leaves; after a position
// that was kept, "start" for the oldest that is there, or "" for what comes from now on.
func (s *Session) Watch(filter Values, position string) (*Watch, error) {
	var wanted, from *C.char
	if filter != nil {
		data, err := json.Marshal(filter)
		if err != nil {
			return nil, err
		}
		wanted = C.CString(string(data))
		defer C.free(unsafe.Pointer(wanted))
	}
	if position != "" {
		from = C.CString(position)
		defer C.free(unsafe.Pointer(from))
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	w := &Watch{}
	var e *C.vidstore_error
	if status := C.vidstore_watch_open(s.handle, wanted, from, &w.handle, &e); status != 0 {
		return nil, take(e, status)
	}
	runtime.SetFinalizer(w, (*Watch).Close)
	return w, nil
}

// Next waits until something has changed, and gives at most max of it, oldest first. It ends with the context, and with
// CANCELLED when the watch is closed. While it waits it holds a thread. After RESYNC it goes on from now.
func (w *Watch) Next(ctx context.Context, max int) ([]Record, error) {
	w.using.Lock()
	defer w.using.Unlock()
	for {
		if err := w.wait(ctx); err != nil {
			return nil, err
		}
		if events, err := w.read(max); err != nil || len(events) > 0 {
			return events, err
		}
	}
}

// Position is what comes after the changes that Next gave last: to be kept, and given to Session.Watch some day.
func (w *Watch) Position() string {
	w.using.Lock()
	defer w.using.Unlock()
	return C.GoString(C.vidstore_watch_position(w.handle))
}

// Close ends the watch, and a Next that waits in another goroutine. Closing twice is fine.
func (w *Watch) Close() {
	w.ending.Lock()
	w.closed = true
	C.vidstore_watch_interrupt(w.handle)
	w.ending.Unlock()
	w.using.Lock()
	defer w.using.Unlock()
	w.ending.Lock()
	defer w.ending.Unlock()
	C.vidstore_watch_free(w.handle)
	w.handle = nil
}

func (w *Watch) isClosed() bool {
	w.ending.Lock()
	defer w.ending.Unlock()
	return w.closed
}

// wait gives nil as soon as there may be something. An interrupt that came too late for an earlier wait ends this one;
// then neither the context nor the watch is at its end, and it waits again.
func (w *Watch) wait(ctx context.Context) error {
	for {
		if w.isClosed() {
			return &Error{Code: "CANCELLED", Message: "the watch is closed", Field: "watch"}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var ready C.int32_t
		var e *C.vidstore_error
		stop := w.interruptAfter(ctx)
		status := C.vidstore_watch_wait(w.handle, waitMax, &ready, &e)
		stop()
		if status == 0 && ready != 0 {
			return nil
		}
		if err := take(e, status); err != nil && !errors.Is(err, ErrCancelled) {
			return err
		}
	}
}

// interruptAfter interrupts the watch when the context ends, until the function that it gives is called.
func (w *Watch) interruptAfter(ctx context.Context) (stop func()) {
	done, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-ctx.Done():
			C.vidstore_watch_interrupt(w.handle)
		case <-done:
		}
	}()
	return func() {
		close(done)
		<-gone
	}
}

func (w *Watch) read(max int) ([]Record, error) {
	var text *C.vidstore_text
	var e *C.vidstore_error
	if status := C.vidstore_watch_next(w.handle, C.int64_t(max), &text, &e); status != 0 {
		return nil, take(e, status)
	}
	defer C.vidstore_text_free(text)
	var found struct {
		Events []Record `json:"events"`
	}
	data := C.GoBytes(unsafe.Pointer(C.vidstore_text_data(text)), C.int(C.vidstore_text_size(text)))
	err := decode(data, &found)
	return found.Events, err
}
