# SPDX-License-Identifier: MIT
"""The command vidstore from outside: submit, worker, histories, signals.

usage: cli_jobs.py VIDSTORE [TEST…]      with the source tree in VIDSTORE_SOURCE_ROOT
"""
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

from cli_case import Case, INVALID, MEDIA, NOBODY, NOT_FOUND, OK, PROGRAM, REFUSED, Server, write_wav, main


class Jobs(Case):
    def setUp(self):
        super().setUp()
        self.run_command("init")
        self.run_command("config", "fetch.allow_private", "on")
        os.mkdir(self.path("www"))

    def serve(self, *options):
        server = Server(self.path("www"), *options)
        self.addCleanup(server.stop)
        return server

    def state(self, job):
        return self.json("jobs", "show", job)["state"]

    def worker(self, *arguments):
        return subprocess.Popen([PROGRAM, "worker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=self.environment)

    def test_a_season(self):
        for name in ("1.wav", "2.wav"):
            write_wav(self.path("www/" + name))
        server = self.serve()
        job = self.text("submit", "--season", "One", server.base + "/1.wav", server.base + "/2.wav").strip()
        said = self.text("worker", "--drain")
        self.assertEqual(said.count("completed"), 2, said)
        self.assertEqual(self.state(job), "completed")
        self.assertEqual(sorted(v["episode"] for v in self.json("ls")["items"]), [1, 2])
        self.assertTrue(all(v["probe_status"] == "ok" for v in self.json("ls")["items"]))

    def test_a_job_of_many_videos(self):
        """All are fetched, and then probed a few at a time, with an event for what is done together."""
        for n in range(6):
            write_wav(self.path(f"www/{n}.wav"), 1 + n)
        with open(self.path("www/bad.mp4"), "w") as file:
            file.write("no video")
        server = self.serve()

        def submit(*names):
            job = self.text("submit", "--max-attempts", "1", f"{server.base}/{names[0]}").strip()
            for name in names[1:]:
                self.run_command("call", "video.create",
                                 json.dumps({"params": {"job_id": job, "url": f"{server.base}/{name}"}}))
            return job
        good = submit(*(f"{n}.wav" for n in range(6)))
        self.assertIn("completed", self.text("worker", "--drain"))
        self.assertEqual("completed", self.state(good))
        videos = self.json("ls", "-f", f"job_id = {good}")["items"]
        self.assertEqual(["ok"] * 6, [video["probe_status"] for video in videos])
        self.assertEqual(6, len({video["duration"] for video in videos}))
        probed = self.json("audit", "list", "--action", "video_probed")["items"]
        self.assertEqual(6, sum(event["details"]["count"] for event in probed))
        self.assertEqual({video["id"] for video in videos}, {it for event in probed for it in event["details"]["ids"]})
        bad = submit("0.wav", "bad.mp4", "1.wav")
        said = self.json("worker", "--drain")
        self.assertEqual(("failed", "refused"), (self.state(bad), said["outcome"]))
        self.assertIn("MEDIA", said["error"])

    def test_bad_jobs_do_not_stop_the_worker(self):
        write_wav(self.path("www/good.wav"))
        with open(self.path("www/bad.mp4"), "w") as file:
            file.write("no video")
        server = self.serve()
        bad = self.text("submit", "--max-attempts", "1", server.base + "/bad.mp4").strip()
        gone = self.text("submit", "--max-attempts", "1", server.base + "/gone.mp4").strip()
        good = self.text("submit", server.base + "/good.wav").strip()
        self.run_command("worker", "--drain")
        self.assertEqual([self.state(bad), self.state(gone), self.state(good)], ["failed", "failed", "completed"])

    def test_the_last_attempt_is_called_so(self):
        self.run_command("config", "fetch.tries", "1")
        job = self.text("submit", "--max-attempts", "1", "http://127.0.0.1:1/x").strip()
        said = self.text("worker", "--once")
        self.assertIn("failed", said)
        self.assertNotIn("again", said)
        self.assertEqual(self.state(job), "failed")
        again = self.text("submit", "--max-attempts", "2", "http://127.0.0.1:1/x").strip()
        self.assertIn("to be tried again", self.text("worker", "--once"))
        self.assertNotEqual(self.state(again), "failed")

    def test_histories(self):
        write_wav(self.path("www/good.wav"))
        good = self.text("submit", self.serve().base + "/good.wav").strip()
        self.run_command("worker", "--drain")
        outcomes = [attempt["outcome"] for attempt in self.json("jobs", "history", good)]
        self.assertEqual(outcomes, ["completed"])

    def test_same_id_twice(self):
        job = [self.json("submit", "--id", NOBODY, "http://127.0.0.1:1/x")["id"] for _ in range(2)]
        self.assertEqual(job, [NOBODY, NOBODY])
        self.assertIn("CONFLICT", self.error("submit", "--id", NOBODY, "http://127.0.0.1:1/y", expect=REFUSED))
        self.assertEqual(len(self.json("jobs")["items"]), 1)

    def test_request_from_json(self):
        with open(self.path("request.json"), "w") as file:
            json.dump({"kind": "own_kind", "season": "S", "tags": ["a"], "request": {"x": [1, None]}}, file)
        job = self.json("submit", "--json-file", self.path("request.json"), "--priority", "high")
        self.assertEqual((job["kind"], job["priority"], job["request"]), ("own_kind", "high", {"x": [1, None]}))
        self.error("submit", "--tag", "a\nb", "http://127.0.0.1:1/x", expect=INVALID)
        for wrong in ('{"kind": 1}', '{"nothing": 1}', "[", '{"state": "completed"}'):
            with open(self.path("request.json"), "w") as file:
                file.write(wrong)
            self.error("submit", "--json-file", self.path("request.json"), expect=INVALID)

    def test_cancel_and_retry(self):
        job = self.text("submit", "http://127.0.0.1:1/x").strip()
        self.run_command("jobs", "cancel", job)
        self.assertEqual(self.state(job), "cancelled")
        self.run_command("jobs", "retry", job)
        self.assertEqual(self.state(job), "ready")
        self.error("jobs", "cancel", NOBODY, expect=NOT_FOUND)

    def test_once_without_a_job(self):
        self.assertEqual(self.text("worker", "--once"), "")

    def wait_for(self, what, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if what():
                return
            time.sleep(0.05)
        self.fail("waited in vain")

    def test_terminated_worker_gives_the_lease_back(self):
        write_wav(self.path("www/slow.wav"), 30)
        server = self.serve()
        job = self.text("submit", server.base + "/slow.wav?slow=40000").strip()
        worker = self.worker()
        self.wait_for(lambda: self.json("ls")["items"][0]["download_done"])
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        out, error = worker.communicate(timeout=20)
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(worker.returncode, OK, error)
        self.assertIn(b"released", out)
        self.assertEqual(self.state(job), "ready")

    def test_cancelled_while_running(self):
        write_wav(self.path("www/slow.wav"), 30)
        server = self.serve()
        job = self.text("submit", server.base + "/slow.wav?slow=40000").strip()
        self.run_command("config", "job.lease_ms", "1000")
        worker = self.worker("--drain")
        self.wait_for(lambda: self.json("ls")["items"][0]["download_done"])
        self.run_command("jobs", "cancel", job)
        out, error = worker.communicate(timeout=30)
        self.assertIn(b"cancelled", out, error)
        self.assertEqual(self.state(job), "cancelled")

    def test_killed_worker_is_taken_over(self):
        write_wav(self.path("www/slow.wav"), 30)
        log = self.path("requests")
        server = self.serve("--log", log)
        self.run_command("config", "job.lease_ms", "1000")
        job = self.text("submit", server.base + "/slow.wav?slow=150000").strip()
        worker = self.worker()
        self.wait_for(lambda: (self.json("ls")["items"][0]["download_done"] or 0) > 100000)
        worker.kill()
        worker.communicate()
        said = self.text("worker", "--drain")
        self.assertRegex(said, r"taken over after \d+\.\d s, [1-9]\d* % already there")
        self.assertEqual(self.state(job), "completed")
        self.assertEqual(self.json("jobs", "history", job)[0]["outcome"], "crashed")
        content = open(self.path("www/slow.wav"), "rb").read()
        self.assertEqual(self.json("files")["items"][0]["sha256"], hashlib.sha256(content).hexdigest())
        with open(log) as file:
            self.assertTrue(any("bytes=" in line for line in file))


if __name__ == "__main__":
    sys.exit(main())
