# SPDX-License-Identifier: MIT
"""Jobs, files and videos, through the binding."""
import http.server
import io
import os
import shutil
import threading
import time
import uuid

import vidstore
from binding_case import Case, tone


class Jobs(Case):
    def test_a_worker(self):
        job = self.system.job.submit(kind="x")
        self.assertIsNone(self.system.job.claim("y"))
        with self.system.job.claim("x", 1000) as lease:
            self.assertEqual((job.id, 0), (lease.job.id, lease.signals))
            lease.progress("downloading", 5, 10)
            self.assertIsNone(lease.checkpoint_get())
            lease.checkpoint(b"at \0 five")
            self.assertEqual(b"at \0 five", lease.checkpoint_get())
            attached = self.system.lease.attach(lease.token)
            self.assertEqual(job.id, attached.job.id)
            attached.close()
            self.assertEqual("running", lease.session.job.get(job.id).state)
            lease.finish({"frames": 3})
        done = self.system.job.wait(job.id, 1000)
        self.assertEqual(("completed", {"frames": 3}), (done.state, done.result))
        self.assertEqual(1, len(self.system.job.history(job.id)))

    def test_leaving_a_lease_by_an_exception_fails_the_job(self):
        job = self.system.job.submit(kind="x", max_attempts=1)
        with self.assertRaises(ZeroDivisionError), self.system.job.claim("x"):
            1 / 0
        failed = self.system.job.get(job.id)
        self.assertEqual("failed", failed.state)
        self.assertIn("ZeroDivisionError", failed.error)
        self.assertIn(self.system.job.retry(job.id).state, ("ready", "scheduled"))

    def test_threads_share_a_store_and_no_job(self):
        made = {job.id for job in self.system.job.bulk_create([{"kind": "x"}] * 24).records}
        taken = []

        def work(number):
            with self.store.system(f"worker {number}") as session:
                while True:
                    lease = session.job.claim("x")
                    if lease is None:
                        return
                    with lease:
                        taken.append(lease.job.id)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(made), sorted(taken))
        self.assertEqual(24, self.system.job.count("state = completed"))

    def test_cancel_and_release(self):
        job = self.system.job.submit(kind="x")
        with self.system.job.claim("x") as lease:
            self.system.job.cancel(job.id)
            for _ in range(100):
                if lease.signals & vidstore.SIGNAL_CANCEL:
                    break
                time.sleep(0.05)
            self.assertTrue(lease.signals & vidstore.SIGNAL_CANCEL)
            lease.release()
        self.assertEqual("cancelled", self.system.job.get(job.id).state)

    def test_a_failure_that_is_final(self):
        job = self.system.job.submit(kind="x")
        with self.system.job.claim("x") as lease:
            lease.fail("can't be done", retry=False)
        self.assertEqual("can't be done", self.system.job.get(job.id).error)


class Files(Case):
    def test_upload_and_read(self):
        data = os.urandom(300000)
        with self.system.upload.open(name="a.mkv") as upload:
            shutil.copyfileobj(io.BytesIO(data[:200000]), upload)
            upload.write(bytearray(data[200000:]))
            upload.write(memoryview(b""))
            self.assertEqual(300000, upload.size)
            self.assertRaises(TypeError, upload.write, "text")
            error = self.fails("INVALID", upload.seal, 300001)
            self.assertEqual("truncated", error.subcode)
            upload.seal(300000)
            file = self.system.upload.publish(upload)
        with self.system.file.open(file.id) as reader:
            self.assertEqual(300000, reader.size)
            self.assertEqual(data, reader.read())
            self.assertEqual(data[100:200], reader.pread(100, 100))
            self.assertEqual(b"", reader.pread(300000, 10))
            reader.seek(-5, io.SEEK_END)
            self.assertEqual(data[-5:], io.BufferedReader(reader).read())
        with self.system.file.open(file.id) as reader:
            self.assertEqual(data[:10], os.pread(reader.fd, 10, 0) if reader.fd >= 0 else data[:10])
        self.assertRaises(ValueError, reader.pread, 0, 1)
        self.system.file.save(file.id, self.path("copy"))
        with open(self.path("copy"), "rb") as copy, open(self.system.file.path(file.id), "rb") as original:
            self.assertEqual((data, data), (copy.read(), original.read()))
        self.assertIsNotNone(self.system.file.verify(file.id).verified)

    def test_an_upload_is_resumed_or_given_up(self):
        upload = self.system.upload.open(name="a.bin")
        upload.write(b"first ")
        name = upload.id
        upload.close()
        with self.system.upload.resume(name) as upload:
            self.assertEqual(6, upload.size)
            upload.write(b"second")
            self.assertEqual(12, upload.finish().size)
        with self.system.upload.open(name="b.bin") as upload:
            fd = os.open(__file__, os.O_PATH)
            self.addCleanup(os.close, fd)
            size = os.path.getsize(__file__)
            self.assertEqual(size - 10, upload.copy(fd, 10))
            self.assertEqual(0, upload.copy(fd, size))
            self.assertEqual(size, upload.size)
            given_up = upload.id
            upload.abort()
        self.fails("NOT_FOUND", self.system.upload.resume, given_up)

    def test_files_of_the_host(self):
        path = self.path("host.txt", b"hello")
        first = self.system.file.put_path(path)
        self.assertEqual(("host.txt", 5), (first.name, first.size))
        with open(path, "rb") as source:
            second = self.system.file.put_fd(source, name="other.txt", access="public")
        read, write = os.pipe()
        os.write(write, b"hello")
        os.close(write)
        third = self.system.file.put_fd(read, 5, name="piped.txt")
        os.close(read)
        self.assertEqual({first.sha256}, {second.sha256, third.sha256})
        groups = self.system.file.duplicates(limit=10)
        self.assertEqual(({first.id, second.id, third.id}, 3), (set(groups[0]["ids"]), groups[0]["count"]))
        self.assertEqual([], self.system.video.duplicates(limit=10))
        with self.store.anonymous() as anybody:
            self.assertEqual([second.id], [file.id for file in anybody.file.list()])

    def test_bulk(self):
        ids = [self.file(name=f"{n}.bin").id for n in range(2)]
        page = self.system.file.bulk_update(ids, [{"metadata": {"n": n}} for n in range(2)])
        self.assertEqual([{"n": 0}, {"n": 1}], [file.metadata for file in page])

    def test_put_refuses_what_is_no_file(self):
        self.fails("INVALID", self.system.file.put_path, self.directory)
        self.fails("NOT_FOUND", self.system.file.put_path, self.path("nothing"))


class Videos(Case):
    def test_probe(self):
        path = tone(self.path("tone.wav"))
        video = self.system.video.create(title="tone")
        self.fails("NOT_FOUND", self.system.video.probe, video.id)
        self.system.file.put_path(path, video_id=video.id)
        probed = self.system.video.probe(video.id)
        self.assertEqual(("ok", "audio", 2, 8000), (probed.probe_status, probed.media_kind, probed.audio_channels,
                                                    probed.sample_rate))
        self.assertIn("streams", self.system.video.facts(video.id))
        other = self.system.video.create(title="by descriptor")
        with open(path, "rb") as file:
            again = self.system.video.probe_fd(other.id, file.fileno())
            looked = self.system.media.probe_fd(file.fileno(), 0)
        self.assertEqual((probed.duration, 1000000), (again.duration, probed.duration))
        self.assertEqual(probed.duration, self.system.video.probe_path(other.id, path).duration)
        self.assertEqual("ok", looked["container"]["status"])
        self.assertEqual(looked["streams"], self.system.media.probe_path(path, 0)["streams"])

    def test_probe_many(self):
        path, text = tone(self.path("tone.wav")), self.path("text", b"words, words, words")
        videos = [self.system.video.create(title=str(n)) for n in range(3)]
        for video, bytes_ in zip(videos, (path, text, path)):
            self.system.file.put_path(bytes_, video_id=video.id)
        page = self.system.video.probe_many([v.id for v in videos] + [str(uuid.uuid4())], 0)
        self.assertEqual([v.id if v else None for v in page], [videos[0].id, None, videos[2].id, None])
        self.assertEqual(["audio", "audio"], [v.media_kind for v in page if v])
        facts = [self.system.video.facts(v.id)["container"] for v in videos]
        self.assertEqual(["ok", "not_media", "ok"], [f["status"] for f in facts])
        self.assertEqual([None, None, True], [f.get("reused") for f in facts])
        looked = self.system.media.probe_many([path, "/nowhere/at/all", text], 0)
        self.assertEqual(["ok", None, "not_media"], [f.get("container", {}).get("status") for f in looked])
        self.assertEqual("NOT_FOUND", looked[1]["error"]["code"])

    def test_fetch(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Length", "5")
                self.end_headers()
                self.wfile.write(b"hello")

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_port}/hello.txt"
        video = self.system.video.create(url=url)
        self.fails("FORBIDDEN", self.system.video.fetch, video.id)
        self.system.setting.set("fetch.allow_private", "1")
        file = self.system.video.fetch(video.id)
        self.assertEqual((5, video.id), (file.size, file.video_id))
        self.assertEqual(file.id, self.system.video.get(video.id).source_file_id)
