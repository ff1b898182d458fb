// SPDX-License-Identifier: MIT

// Package vidstore is libvidstore for Go: users, jobs, videos, files and their audit in one directory on disk.
//
// The calls of a session (calls_gen.go) are written from the API description that is installed with the library. Each
// takes a context: when it is cancelled, what has not begun never runs, what reads or waits is interrupted, and what
// writes is finished.
package vidstore

/*
#cgo LDFLAGS: -lvidstore
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
	"time"
	"unsafe"
)

// Values are the fields of a record to create or update, by the names that they have in JSON; nil writes NULL.
type Values map[string]any

// Record is a snapshot of a user, job, video, file or event.
type Record map[string]any

// Text is a field as text; "" when it is NULL or none.
func (r Record) Text(field string) string {
	text, _ := r[field].(string)
	return text
}

// Int is a field as a number; ok is false when it is NULL or none.
func (r Record) Int(field string) (value int64, ok bool) {
	number, ok := r[field].(json.Number)
	if !ok {
		return 0, false
	}
	value, err := number.Int64()
	return value, err == nil
}

// ID is the UUID.
func (r Record) ID() string { return r.Text("id") }

// Query says what to list.
type Query struct {
	Filter string   `json:"filter,omitempty"`
	Search string   `json:"search,omitempty"`
	Binds  []any    `json:"binds,omitempty"`
	Sort   string   `json:"sort,omitempty"`
	Limit  int      `json:"limit,omitempty"`
	Cursor string   `json:"cursor,omitempty"`
	Flags  []string `json:"flags,omitempty"`
}

// Page is what a list found, or the outcome of a bulk call.
type Page struct {
	Items  []Record `json:"items"`  // nil where an item of a bulk call failed
	Errors []*Error `json:"errors"` // of a bulk call
	Cursor string   `json:"cursor"` // "" after the last page
}

// Error is a call that failed.
type Error struct {
	Code       string // such as NOT_FOUND
	Status     int
	Subcode    int
	Message    string
	Field      string
	Retryable  bool
	RetryAfter time.Duration
	Cause      string
	codeOnly   bool
}

func (e *Error) Error() string {
	if e.Field != "" {
		return e.Code + ": " + e.Message + " [" + e.Field + "]"
	}
	return e.Code + ": " + e.Message
}

// Is makes errors.Is(err, vidstore.ErrNotFound) work.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.codeOnly && other.Code == e.Code
}

// UnmarshalJSON reads the errors of a bulk call.
func (e *Error) UnmarshalJSON(data []byte) error {
	var plain struct {
		Code, Message, Field, Cause string
		Subcode                     int
		Retryable                   bool
		After                       int64 `json:"retry_after_ms"`
	}
	if err := json.Unmarshal(data, &plain); err != nil {
		return err
	}
	*e = Error{Code: plain.Code, Subcode: plain.Subcode, Message: plain.Message, Field: plain.Field,
		Retryable: plain.Retryable, RetryAfter: time.Duration(plain.After) * time.Millisecond, Cause: plain.Cause}
	return nil
}

func errorOf(e *C.vidstore_error, status C.vidstore_status) *Error {
	if code := C.vidstore_error_code(e); code != 0 {
		status = code
	}
	return &Error{Code: C.GoString(C.vidstore_status_name(status)), Status: int(status),
		Subcode: int(C.vidstore_error_subcode(e)), Message: C.GoString(C.vidstore_error_message(e)),
		Field: C.GoString(C.vidstore_error_field(e)), Retryable: C.vidstore_error_retryable(e) != 0,
		RetryAfter: time.Duration(C.vidstore_error_retry_after_ms(e)) * time.Millisecond,
		Cause:      C.GoString(C.vidstore_error_cause(e))}
}

// take makes an error of what a failing call handed over.
func take(e *C.vidstore_error, status C.vidstore_status) error {
	if status == 0 {
		return nil
	}
	defer C.vidstore_error_free(e)
	return errorOf(e, status)
}

// Store is an open store. Any goroutine may use it.
type Store struct {
	mutex   sync.Mutex
	handle  *C.vidstore
	queue   *C.vidstore_queue
	tag     C.int64_t
	waiting map[C.int64_t]chan *C.vidstore_result
	closed  bool
	done    chan struct{}
}

// Open opens a store, or creates one. Options are those of vidstore_open(), such as {"read_only": true}.
func Open(location string, options Values) (*Store, error) {
	params, err := openParams(options)
	if err != nil {
		return nil, err
	}
	defer C.vidstore_open_params_free(params)
	place := C.CString(location)
	defer C.free(unsafe.Pointer(place))
	s := &Store{waiting: map[C.int64_t]chan *C.vidstore_result{}, done: make(chan struct{})}
	var e *C.vidstore_error
	if status := C.vidstore_open(place, params, &s.handle, &e); status != 0 {
		return nil, take(e, status)
	}
	if status := C.vidstore_queue_new(s.handle, 65536, &s.queue, &e); status != 0 {
		C.vidstore_close(s.handle)
		return nil, take(e, status)
	}
	go s.collect()
	return s, nil
}

// collect hands results to those who wait for them, until the store is closed and nothing is left.
func (s *Store) collect() {
	defer close(s.done)
	for {
		var result *C.vidstore_result
		C.vidstore_queue_wait(s.queue, 100, &result, nil)
		s.mutex.Lock()
		if result == nil && s.closed && len(s.waiting) == 0 {
			s.mutex.Unlock()
			return
		}
		var waiting chan *C.vidstore_result
		if result != nil {
			tag := C.vidstore_result_tag(result)
			waiting = s.waiting[tag]
			delete(s.waiting, tag)
		}
		s.mutex.Unlock()
		if waiting != nil {
			waiting <- result
		} else {
			C.vidstore_result_free(result)
		}
	}
}

// Close closes the store. What runs is finished first.
func (s *Store) Close() {
	s.mutex.Lock()
	again := s.closed
	s.closed = true
	s.mutex.Unlock()
	if again {
		return
	}
	<-s.done
	C.vidstore_queue_free(s.queue)
	C.vidstore_close(s.handle)
}

// Session is who acts. It may be used by several goroutines at a time; transactions are for calls by name alone.
type Session struct {
	store  *Store
	mutex  sync.Mutex
	handle *C.vidstore_session
}

func (s *Store) session(handle *C.vidstore_session) *Session {
	session := &Session{store: s, handle: handle}
	runtime.SetFinalizer(session, (*Session).Close)
	return session
}

// System makes a session that acts as the system.
func (s *Store) System(name string) (*Session, error) {
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	var handle *C.vidstore_session
	var e *C.vidstore_error
	if status := C.vidstore_session_system(s.handle, text, &handle, &e); status != 0 {
		return nil, take(e, status)
	}
	return s.session(handle), nil
}

// OnBehalf makes a session for a user whom the host has identified itself.
func (s *Store) OnBehalf(userID string) (*Session, error) {
	text := C.CString(userID)
	defer C.free(unsafe.Pointer(text))
	var handle *C.vidstore_session
	var e *C.vidstore_error
	if status := C.vidstore_session_on_behalf(s.handle, text, nil, &handle, &e); status != 0 {
		return nil, take(e, status)
	}
	return s.session(handle), nil
}

// Login makes a session for the user who knows a name and its password.
func (s *Store) Login(ctx context.Context, name, password string) (*Session, error) {
	result, err := s.run(ctx, func(tag C.int64_t, op *C.int64_t, e **C.vidstore_error) C.vidstore_status {
		n, p := C.CString(name), C.CString(password)
		defer C.free(unsafe.Pointer(n))
		defer C.free(unsafe.Pointer(p))
		return C.vidstore_session_login_start(s.queue, tag, n, p, nil, op, e)
	})
	if err != nil {
		return nil, err
	}
	defer C.vidstore_result_free(result)
	kind := C.CString("vidstore_session")
	defer C.free(unsafe.Pointer(kind))
	return s.session((*C.vidstore_session)(C.vidstore_result_take(result, kind))), nil
}

// Close frees the session. What it has started goes on.
func (s *Session) Close() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	C.vidstore_session_free(s.handle)
	s.handle = nil
}

type starter func(tag C.int64_t, op *C.int64_t, e **C.vidstore_error) C.vidstore_status

// begin starts something and says on which channel its result will come.
func (s *Store) begin(start starter) (op C.int64_t, results chan *C.vidstore_result, err error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed {
		return 0, nil, &Error{Code: "MISUSE", Message: "the store is closed", Field: "store"}
	}
	s.tag++
	tag := s.tag
	var e *C.vidstore_error
	if status := start(tag, &op, &e); status != 0 {
		return 0, nil, take(e, status)
	}
	results = make(chan *C.vidstore_result, 1)
	s.waiting[tag] = results
	return op, results, nil
}

// run starts something, as soon as the queue has room, and waits for its result. A context that ends cancels it.
func (s *Store) run(ctx context.Context, start starter) (*C.vidstore_result, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		op, results, err := s.begin(start)
		if errors.Is(err, ErrBusy) {
			time.Sleep(time.Millisecond)
			continue
		}
		if err != nil {
			return nil, err
		}
		return s.await(ctx, op, results)
	}
}

func (s *Store) await(ctx context.Context, op C.int64_t, results chan *C.vidstore_result) (*C.vidstore_result, error) {
	var result *C.vidstore_result
	select {
	case result = <-results:
	case <-ctx.Done():
		C.vidstore_queue_cancel(s.queue, op, nil)
		result = <-results // at once, or when a write is finished
	}
	status := C.vidstore_result_status(result)
	if status == 0 {
		return result, nil
	}
	err := error(errorOf(C.vidstore_result_error(result), status))
	C.vidstore_result_free(result)
	if ctx.Err() != nil && errors.Is(err, ErrCancelled) {
		err = ctx.Err()
	}
	return nil, err
}

// Call makes a call by its name, such as "job.submit"; see vidstore-call(7). into receives the result; nil: not wanted.
func (s *Session) Call(ctx context.Context, name string, args, into any) error {
	data, err := json.Marshal(args)
	if err != nil {
		return err
	}
	result, err := s.store.run(ctx, func(tag C.int64_t, op *C.int64_t, e **C.vidstore_error) C.vidstore_status {
		n, a := C.CString(name), C.CString(string(data))
		defer C.free(unsafe.Pointer(n))
		defer C.free(unsafe.Pointer(a))
		s.mutex.Lock()
		defer s.mutex.Unlock()
		return C.vidstore_call_start(s.handle, s.store.queue, tag, n, a, op, e)
	})
	if err != nil {
		return err
	}
	defer C.vidstore_result_free(result)
	var text *C.vidstore_text
	var e *C.vidstore_error
	if status := C.vidstore_result_json(result, &text, &e); status != 0 {
		return take(e, status)
	}
	defer C.vidstore_text_free(text)
	if into == nil {
		return nil
	}
	return decode(C.GoBytes(unsafe.Pointer(C.vidstore_text_data(text)), C.int(C.vidstore_text_size(text))), into)
}
