// SPDX-License-Identifier: MIT

package vidstore

/*
#include <stdlib.h>
#include <vidstore/vidstore.h>
*/
import "C"

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unsafe"
)

// decode reads JSON with its numbers as they stand: an int64 does not go through a float64.
func decode(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(into)
}

func openParams(options Values) (*C.vidstore_open_params, error) {
	params := C.vidstore_open_params_new()
	for name, value := range options {
		id, ok := openOptions[name]
		if !ok {
			C.vidstore_open_params_free(params)
			return nil, fmt.Errorf("vidstore: no option %q", name)
		}
		switch v := value.(type) {
		case string:
			text := C.CString(v)
			C.vidstore_open_params_set_text(params, C.int32_t(id), text)
			C.free(unsafe.Pointer(text))
		case bool:
			number := C.int64_t(0)
			if v {
				number = 1
			}
			C.vidstore_open_params_set_int64(params, C.int32_t(id), number)
		case int:
			C.vidstore_open_params_set_int64(params, C.int32_t(id), C.int64_t(v))
		default:
			C.vidstore_open_params_free(params)
			return nil, fmt.Errorf("vidstore: option %q has a value of type %T", name, value)
		}
	}
	return params, nil
}

// All calls a list again and again, and each with every record that it gives, until each says no more.
func All(ctx context.Context, query Query, list func(context.Context, *Query) (*Page, error),
	each func(Record) error) error {
	for {
		page, err := list(ctx, &query)
		if err != nil {
			return err
		}
		for _, record := range page.Items {
			if err := each(record); err != nil {
				return err
			}
		}
		if page.Cursor == "" {
			return nil
		}
		query.Cursor = page.Cursor
	}
}

// Upload writes a file from a stream, up to its end. Nothing is visible before it is whole.
func (s *Session) Upload(ctx context.Context, params Values, from io.Reader) (Record, error) {
	data, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	text := C.CString(string(data))
	defer C.free(unsafe.Pointer(text))
	values := C.vidstore_file_params_new()
	defer C.vidstore_file_params_free(values)
	C.vidstore_file_params_set_json(values, text)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var upload *C.vidstore_upload
	var e *C.vidstore_error
	if status := C.vidstore_upload_open(s.handle, values, &upload, &e); status != 0 {
		return nil, take(e, status)
	}
	defer func() { C.vidstore_upload_free(upload) }()
	if err := copyTo(ctx, upload, from); err != nil {
		C.vidstore_upload_abort(upload, nil)
		return nil, err
	}
	if status := C.vidstore_upload_seal(upload, C.vidstore_upload_size(upload), &e); status != 0 {
		return nil, take(e, status)
	}
	return s.publish(upload)
}

func copyTo(ctx context.Context, upload *C.vidstore_upload, from io.Reader) error {
	buffer := make([]byte, 1<<18)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			var e *C.vidstore_error
			status := C.vidstore_upload_write(upload, unsafe.Pointer(&buffer[0]), C.int64_t(n), &e)
			if status != 0 {
				return take(e, status)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
	}
}

func (s *Session) publish(upload *C.vidstore_upload) (Record, error) {
	var file *C.vidstore_file
	var text *C.vidstore_text
	var e *C.vidstore_error
	status := C.vidstore_upload_publish(s.handle, upload, &file, &e)
	if status == 0 {
		status = C.vidstore_file_json(file, &text, &e)
	}
	C.vidstore_file_free(file)
	if status != 0 {
		return nil, take(e, status)
	}
	defer C.vidstore_text_free(text)
	var record Record
	return record, decode([]byte(C.GoString(C.vidstore_text_data(text))), &record)
}

// File is a file that is being read. Any goroutine may read from it.
type File struct {
	reader *C.vidstore_reader
	*io.SectionReader
}

// OpenFile opens a file for reading: an io.ReadSeeker and io.ReaderAt.
func (s *Session) OpenFile(id string) (*File, error) {
	text := C.CString(id)
	defer C.free(unsafe.Pointer(text))
	s.mutex.Lock()
	defer s.mutex.Unlock()
	f := &File{}
	var e *C.vidstore_error
	if status := C.vidstore_file_open(s.handle, text, &f.reader, &e); status != 0 {
		return nil, take(e, status)
	}
	f.SectionReader = io.NewSectionReader(rangeReader{f.reader}, 0, int64(C.vidstore_reader_size(f.reader)))
	return f, nil
}

// Close ends the reading.
func (f *File) Close() error {
	C.vidstore_reader_free(f.reader)
	f.reader = nil
	f.SectionReader = io.NewSectionReader(bytes.NewReader(nil), 0, 0)
	return nil
}

type rangeReader struct{ reader *C.vidstore_reader }

func (r rangeReader) ReadAt(p []byte, offset int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	var got C.int64_t
	var e *C.vidstore_error
	status := C.vidstore_reader_read(r.reader, C.int64_t(offset), unsafe.Pointer(&p[0]), C.int64_t(len(p)), &got, &e)
	if status != 0 {
		return 0, take(e, status)
	}
	if int(got) < len(p) {
		return int(got), io.EOF
	}
	return int(got), nil
}
