// SPDX-License-Identifier: MIT

package vidstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func begin(t *testing.T) (*Store, *Session) {
	t.Helper()
	store, err := Open(filepath.Join(t.TempDir(), "store"), nil)
	must(t, err)
	session, err := store.System("test")
	must(t, err)
	t.Cleanup(func() {
		session.Close()
		store.Close()
	})
	return store, session
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type step struct {
	Note, Call string
	Args       map[string]any
	Expect     map[string]any
	Save       map[string]string
	Value      json.RawMessage
	Items      *int
	Error      *struct{ Code, Field, Subcode string }
}

// fill puts what earlier steps saved in the place of $names.
func fill(value any, saved map[string]any) any {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "$") {
			return saved[v[1:]]
		}
	case map[string]any:
		out := map[string]any{}
		for key, item := range v {
			out[key] = fill(item, saved)
		}
		return out
	}
	return value
}

// same compares values as JSON has them.
func same(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// TestConformance makes the calls that every binding makes, and expects what every binding expects.
func TestConformance(t *testing.T) {
	_, session := begin(t)
	data, err := os.ReadFile(os.Getenv("VIDSTORE_CONFORMANCE"))
	must(t, err)
	var steps []step
	must(t, json.Unmarshal(data, &steps))
	saved := map[string]any{}
	for _, s := range steps {
		var result any
		err := session.Call(context.Background(), s.Call, fill(s.Args, saved), &result)
		check(t, s, result, err, saved)
	}
	if len(steps) < 20 {
		t.Fatalf("only %d steps", len(steps))
	}
}

func check(t *testing.T, s step, result any, err error, saved map[string]any) {
	t.Helper()
	var failed *Error
	if errors.As(err, &failed) {
		if s.Error == nil || failed.Code != s.Error.Code || (s.Error.Field != "" && failed.Field != s.Error.Field) {
			t.Fatalf("%s: %v", s.Note, err)
		}
		return
	}
	must(t, err)
	if s.Error != nil {
		t.Fatalf("%s: no error", s.Note)
	}
	if s.Value != nil && !same(result, s.Value) {
		t.Fatalf("%s: %v", s.Note, result)
	}
	object, _ := result.(map[string]any)
	for field, wanted := range s.Expect {
		if !same(object[field], fill(wanted, saved)) {
			t.Fatalf("%s: %s is %v, not %v", s.Note, field, object[field], wanted)
		}
	}
	if s.Items != nil && len(object["items"].([]any)) != *s.Items {
		t.Fatalf("%s: %d items", s.Note, len(object["items"].([]any)))
	}
	for name, field := range s.Save {
		saved[name] = object[field]
	}
}

func TestTypedCalls(t *testing.T) {
	_, session := begin(t)
	ctx := context.Background()
	job, err := session.Job().Submit(ctx, Values{"kind": "x", "season": "One"})
	must(t, err)
	again, err := session.Job().Get(ctx, job.ID())
	must(t, err)
	if !reflect.DeepEqual(job, again) {
		t.Fatalf("%v is not %v", job, again)
	}
	if created, ok := job.Int("created"); !ok || created < 1e15 {
		t.Fatalf("created: %v", job["created"])
	}
	_, err = session.Job().Get(ctx, "01900000-0000-7000-8000-000000000000")
	if !errors.Is(err, ErrNotFound) || errors.Is(err, ErrBusy) {
		t.Fatalf("%v", err)
	}
	must(t, session.Job().Remove(ctx, job.ID(), "cascade"))
	value, err := session.Setting().Get(ctx, "fetch.tries")
	must(t, err)
	must(t, session.Setting().Set(ctx, "fetch.tries", &value))
	page, err := session.Job().BulkCreate(ctx, []Values{{"kind": "a"}, {"kind": ""}}, []string{"each"})
	must(t, err)
	if page.Items[0].Text("kind") != "a" || page.Errors[1].Field != "kind" {
		t.Fatalf("%v %v", page.Items, page.Errors)
	}
}

func TestPagesGoOn(t *testing.T) {
	_, session := begin(t)
	ctx := context.Background()
	for i := 0; i < 7; i++ {
		_, err := session.Job().Submit(ctx, Values{"kind": "x"})
		must(t, err)
	}
	seen := map[string]bool{}
	must(t, All(ctx, Query{Limit: 3}, session.Job().List, func(r Record) error {
		seen[r.ID()] = true
		return nil
	}))
	if len(seen) != 7 {
		t.Fatalf("%d jobs", len(seen))
	}
}

func TestManyGoroutines(t *testing.T) {
	_, session := begin(t)
	var group sync.WaitGroup
	failures := make(chan error, 64)
	for i := 0; i < 64; i++ {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			for k := 0; k < 10; k++ {
				if _, err := session.Job().Submit(context.Background(), Values{"kind": fmt.Sprintf("k%d", i)}); err != nil {
					failures <- err
					return
				}
			}
		}(i)
	}
	group.Wait()
	close(failures)
	for err := range failures {
		t.Fatal(err)
	}
	count, err := session.Job().Count(context.Background(), nil)
	must(t, err)
	if count != 640 {
		t.Fatalf("%d jobs", count)
	}
}

func TestAContextCancels(t *testing.T) {
	_, session := begin(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	wait, start := int64(60000), time.Now()
	_, err := session.Job().Claim(ctx, nil, &wait)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 20*time.Second {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	over, stop := context.WithCancel(context.Background())
	stop()
	if _, err := session.Job().Submit(over, Values{"kind": "x"}); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestALease(t *testing.T) {
	_, session := begin(t)
	ctx := context.Background()
	_, err := session.Job().Submit(ctx, Values{"kind": "x"})
	must(t, err)
	claim, err := session.Job().Claim(ctx, nil, nil)
	must(t, err)
	must(t, session.Lease().Progress(ctx, claim.Token, nil, 1, nil))
	must(t, session.Lease().Checkpoint(ctx, claim.Token, []byte{0, 255}))
	must(t, session.Lease().Finish(ctx, claim.Token, map[string]any{"ok": true}))
	if err := session.Lease().Finish(ctx, claim.Token, nil); !errors.Is(err, ErrLeaseLost) {
		t.Fatal(err)
	}
	none, err := session.Job().Claim(ctx, nil, nil)
	if none != nil || err != nil {
		t.Fatalf("%v %v", none, err)
	}
}

func TestBytesGoInAndOut(t *testing.T) {
	_, session := begin(t)
	ctx := context.Background()
	data := bytes.Repeat([]byte("0123456789"), 100000)
	file, err := session.Upload(ctx, Values{"name": "a.bin"}, bytes.NewReader(data))
	must(t, err)
	reader, err := session.OpenFile(file.ID())
	must(t, err)
	got, err := io.ReadAll(reader)
	must(t, err)
	if !bytes.Equal(got, data) {
		t.Fatal("other bytes came out")
	}
	must(t, reader.Close())
	if _, err := session.Upload(ctx, Values{"name": "b"}, io.MultiReader(bytes.NewReader(data), broken{})); err == nil {
		t.Fatal("a stream that broke became a file")
	}
	count, err := session.File().Count(ctx, nil)
	must(t, err)
	if count != 1 {
		t.Fatalf("%d files", count)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestLogin(t *testing.T) {
	store, session := begin(t)
	ctx := context.Background()
	user, err := session.User().Create(ctx, Values{"username": "ann", "password": "correct horse battery"})
	must(t, err)
	ann, err := store.Login(ctx, "ann", "correct horse battery")
	must(t, err)
	defer ann.Close()
	job, err := ann.Job().Submit(ctx, Values{"kind": "x"})
	must(t, err)
	if job.Text("user_id") != user.ID() {
		t.Fatal(job)
	}
	if _, err := store.Login(ctx, "ann", "wrong horse battery"); !errors.Is(err, ErrUnauthenticated) {
		t.Fatal(err)
	}
}

func TestAWatch(t *testing.T) {
	_, session := begin(t)
	ctx := context.Background()
	watch, err := session.Watch(Values{"noun": "job"}, "")
	must(t, err)
	kept := watch.Position()
	job, err := session.Job().Submit(ctx, Values{"kind": "x"})
	must(t, err)
	events, err := watch.Next(ctx, 10)
	must(t, err)
	if len(events) != 1 || events[0].ID() != job.ID() || events[0].Text("kind") != "created" {
		t.Fatal(events)
	}
	again, err := session.Watch(nil, kept)
	must(t, err)
	first := events[0].Text("position")
	events, err = again.Next(ctx, 10)
	must(t, err)
	if len(events) != 1 || events[0].Text("position") != first || again.Position() == kept {
		t.Fatal(events, first, again.Position())
	}
	again.Close()
	if _, err := session.Watch(Values{"noun": "nothing"}, ""); !errors.Is(err, ErrInvalid) {
		t.Fatal(err)
	}
	watch.Close()
}

func TestAWatchThatWaitsIsEnded(t *testing.T) {
	_, session := begin(t)
	watch, err := session.Watch(nil, "")
	must(t, err)
	for _, pause := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(context.Background(), pause)
		if _, err := watch.Next(ctx, 10); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		cancel()
	}
	job, err := session.Job().Submit(context.Background(), Values{"kind": "x"})
	must(t, err)
	events, err := watch.Next(context.Background(), 10)
	must(t, err)
	if len(events) != 1 || events[0].ID() != job.ID() {
		t.Fatal(events)
	}
	ended := make(chan error)
	go func() {
		_, err := watch.Next(context.Background(), 10)
		ended <- err
	}()
	time.Sleep(100 * time.Millisecond)
	watch.Close()
	select {
	case err = <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("it waits still")
	}
	if !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	if _, err := watch.Next(context.Background(), 10); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	watch.Close()
}
